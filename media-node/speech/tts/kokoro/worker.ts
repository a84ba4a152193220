/** The thread of Kokoro: finds out how a sentence is pronounced, and speaks it. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { toInt16 } from "../../../audio/frame.ts";
import { serveJobs } from "../../job-worker.ts";
import { workerStart } from "../../worker-start.ts";
import type { Accent } from "../phonemes/accent.ts";
import { Dictionary } from "../phonemes/dictionary.ts";
import { FliteFrontEnd } from "../phonemes/flite-front-end.ts";
import { Phonemizer } from "../phonemes/phonemize.ts";
import { KOKORO_SAMPLE_RATE, Kokoro } from "./kokoro.ts";

/** What the thread is started with, and what a job is. */
const Data = v.object({
  weights: v.array(v.string()),
  dictionaries: v.object({ us: v.array(v.string()), gb: v.array(v.string()) }),
  wasm: v.string(),
  /** Files of styles, by the voices' names. */
  voices: v.record(v.string(), v.string()),
});
const Job = v.object({
  text: v.union([v.object({ written: v.string() }), v.object({ phonemes: v.string() })]),
  accent: v.picklist(["us", "gb"]),
  voice: v.string(),
  speed: v.number(),
});

const { port, gate, data } = workerStart();
const files = v.parse(Data, data);
const kokoro = await Kokoro.load(files.weights, gate);
const frontEnd = new FliteFrontEnd(new WebAssembly.Module(readFileSync(files.wasm)));
/** By accent, from their first use on: the dictionaries of one take 25 MB. */
const phonemizers = new Map<Accent, Phonemizer>();

function phonemizer(accent: Accent): Phonemizer {
  const known = phonemizers.get(accent);
  if (known !== undefined) return known;
  const sources = files.dictionaries[accent].map((path) => readFileSync(path, "utf8"));
  const made = new Phonemizer({ accent, dictionary: new Dictionary(sources, accent), frontEnd });
  phonemizers.set(accent, made);
  return made;
}

async function speak(job: v.InferOutput<typeof Job>, signal: AbortSignal): Promise<Int16Array<ArrayBuffer>> {
  const { text, accent, voice, speed } = job;
  const voiceFile = files.voices[voice];
  if (voiceFile === undefined) throw new Error(`Kokoro has no voice "${voice}".`);
  const phonemes = "phonemes" in text ? text.phonemes : phonemizer(accent).phonemize(text.written);
  const pieces = (await kokoro.speak(phonemes, voiceFile, speed, signal)).map(toInt16);
  const samples = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  return samples;
}

/** Allocates what later runs use, and tells whether this machine is fast enough. */
async function warmUp(): Promise<void> {
  const job = { text: { written: "This is how fast I speak." }, accent: "us", voice: "af_heart", speed: 1 } as const;
  const { signal } = new AbortController();
  await speak(job, signal);
  const startMs = performance.now();
  const samples = await speak(job, signal);
  const factor = (performance.now() - startMs) / 1_000 / (samples.length / KOKORO_SAMPLE_RATE);
  if (factor < 1) return;
  process.emitWarning(
    `Kokoro takes ${factor.toFixed(1)} s for a second of speech on this machine: its replies will have gaps. See docs/models.md.`,
  );
}
await warmUp();

serveJobs(port, async (payload, signal) => {
  const samples = await speak(v.parse(Job, payload), signal);
  return { result: { samples, sampleRate: KOKORO_SAMPLE_RATE }, transfer: [samples.buffer] };
});
