/** The thread that runs Silero 4 over chunks: each a recording of its own, so nothing is remembered between them. */
import * as ort from "onnxruntime-node";
import * as v from "valibot";
import { resampleToFloat } from "../../audio/resample.ts";
import { serveJobs } from "../job-worker.ts";
import { workerStart } from "../worker-start.ts";
import { VAD_SAMPLE_RATE } from "./packet.ts";

/** Floats of each of the model's two memories. */
const MEMORY_SHAPE = [2, 1, 64] as const;
const MEMORY_SIZE = 128;

const Data = v.object({ model: v.string() });
const Job = v.object({ sampleRate: v.number(), samples: v.instance(Int16Array), windowSize: v.number() });

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
const sr = new ort.Tensor("int64", BigInt64Array.of(BigInt(VAD_SAMPLE_RATE)), []);

const memory = (content: Float32Array = new Float32Array(MEMORY_SIZE)) =>
  new ort.Tensor("float32", content, MEMORY_SHAPE);

async function probabilities(audio: Float32Array, windowSize: number): Promise<Float32Array<ArrayBuffer>> {
  const out = new Float32Array(Math.ceil(audio.length / windowSize));
  let h = memory();
  let c = memory();
  for (const index of out.keys()) {
    // The last window is filled up with silence.
    const window = new Float32Array(windowSize);
    window.set(audio.subarray(index * windowSize, (index + 1) * windowSize));
    const input = new ort.Tensor("float32", window, [1, windowSize]);
    const result = await gate.run(() => session.run({ input, sr, h, c }));
    out[index] = floats(result["output"])[0] ?? 0;
    h = memory(floats(result["hn"]));
    c = memory(floats(result["cn"]));
  }
  return out;
}

function floats(tensor: ort.Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error("The VAD model's output is not what it should be.");
  return tensor.data;
}

// The first run allocates what the next ones use.
await probabilities(new Float32Array(VAD_SAMPLE_RATE), 1_024);

serveJobs(port, async (payload) => {
  const { sampleRate, samples, windowSize } = v.parse(Job, payload);
  const audio = resampleToFloat(samples, sampleRate, VAD_SAMPLE_RATE);
  const found = await probabilities(audio, windowSize);
  return { result: { length: audio.length, probabilities: found }, transfer: [found.buffer] };
});
