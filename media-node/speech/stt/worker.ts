/** The speech-to-text thread: converts a turn's audio, cuts it, and has Moonshine transcribe it. */
import * as v from "valibot";
import { toFloat32, toInt16, toMono } from "../../audio/frame.ts";
import { resample } from "../../audio/resample.ts";
import { serveJobs } from "../job-worker.ts";
import { standBack } from "../stand-back.ts";
import { workerStart } from "../worker-start.ts";
import { MOONSHINE_SAMPLE_RATE, Moonshine } from "./moonshine.ts";
import { segments } from "./segments.ts";

/** What the thread is started with, and what a job is. */
const Data = v.object({ encoder: v.string(), decoder: v.string(), tokenizer: v.string() });
const Job = v.object({
  sampleRate: v.number(),
  samples: v.union([v.instance(Int16Array), v.instance(Float32Array)]),
  channels: v.picklist([1, 2]),
});

/** What was understood is to be answered, and sound to be paced, before the next speaker is understood (docs/decisions/0180). */
const NICENESS = 10;

const { port, gate, data } = workerStart();
const moonshine = await Moonshine.load(v.parse(Data, data), gate);
// The first run allocates what the next ones use.
await moonshine.transcribe(new Float32Array(MOONSHINE_SAMPLE_RATE), new AbortController().signal);

function prepare(job: v.InferOutput<typeof Job>): Float32Array {
  const mono = toMono(job);
  if (job.sampleRate !== MOONSHINE_SAMPLE_RATE) {
    return toFloat32(resample(toInt16(mono), job.sampleRate, MOONSHINE_SAMPLE_RATE));
  }
  // One sample that is not a number would make all of the model's output so.
  return mono instanceof Float32Array ? mono.map((sample) => (Number.isFinite(sample) ? sample : 0)) : toFloat32(mono);
}

standBack(NICENESS);
serveJobs(port, async (payload, signal) => {
  const texts: string[] = [];
  for (const segment of segments(prepare(v.parse(Job, payload)), MOONSHINE_SAMPLE_RATE)) {
    if (signal.aborted) break;
    texts.push(await moonshine.transcribe(segment, signal));
  }
  return { result: texts.filter((text) => text !== "").join(" ") };
});
