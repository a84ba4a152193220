/** The text-to-speech thread: runs Flite, compiled to WebAssembly, once for each piece of text. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { readWav } from "../../audio/wav.ts";
import { serveJobs } from "../job-worker.ts";
import { workerStart } from "../worker-start.ts";
import { withoutLeadingSilence } from "./leading-silence.ts";
import { runWasi } from "./memory-wasi.ts";

/** What the thread is started with, and what a job is. */
const Data = v.object({ wasm: v.string() });
const Job = v.object({ text: v.string(), voice: v.string(), speed: v.number() });

/** After these the processor time of a sentence hardly falls any more. */
const WARM_UP_RUNS = 4;
const WARM_UP_SENTENCE = "The first sentences are spoken for nobody, so that nobody waits for their code.";

const { port, data } = workerStart();
const module = new WebAssembly.Module(readFileSync(v.parse(Data, data).wasm));

function synthesize(text: string, voice: string, speed: number) {
  const stretch = `duration_stretch=${1 / speed}`;
  const args = ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", "/out.wav"];
  const { exitCode, file, stderr } = runWasi(module, args);
  if (exitCode !== 0 || file.length === 0)
    throw new Error(`Flite ended with ${exitCode} (${stderr.trim() || "no output"}).`);
  const { samples, sampleRate } = readWav(file);
  // A copy of its own: it is handed over to another thread.
  return { samples: withoutLeadingSilence(samples, sampleRate).slice(), sampleRate };
}

// The first runs compile the code that the next ones use, and compile it better, which a caller would wait for on a machine of one core.
for (let run = 0; run < WARM_UP_RUNS; run++) synthesize(WARM_UP_SENTENCE, "slt", 1);

serveJobs(port, (payload) => {
  const { text, voice, speed } = v.parse(Job, payload);
  const { samples, sampleRate } = synthesize(text, voice, speed);
  return { result: { samples, sampleRate }, transfer: [samples.buffer] };
});
