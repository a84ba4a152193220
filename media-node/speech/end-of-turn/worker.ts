/** The thread that runs the end-of-turn model: samples of a turn in, the probability that it is over out. */
import * as ort from "onnxruntime-node";
import * as v from "valibot";
import { serveJobs } from "../job-worker.ts";
import { workerStart } from "../worker-start.ts";
import { LogMel, MEL_BANDS, MEL_FRAMES } from "./log-mel.ts";

const Data = v.object({ model: v.string() });
const Job = v.instance(Int16Array);

const { port, gate, data } = workerStart();
const { model } = v.parse(Data, data);
const session = await gate.run(() =>
  ort.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
  }),
);
const logMel = new LogMel();

async function probability(samples: Int16Array): Promise<number> {
  const input_features = new ort.Tensor("float32", logMel.compute(samples), [1, MEL_BANDS, MEL_FRAMES]);
  const result = await gate.run(() => session.run({ input_features }));
  // The output's name says otherwise, but it is past the sigmoid.
  const output = result["logits"];
  if (!(output?.data instanceof Float32Array))
    throw new Error("The end-of-turn model's output is not what it should be.");
  return output.data[0] ?? 0;
}

// The first run allocates what the next ones use.
await probability(new Int16Array(1));

serveJobs(port, async (payload, signal) => {
  // The speaker went on before the thread got to it.
  if (signal.aborted) return { result: 0 };
  return { result: await probability(v.parse(Job, payload)) };
});
