/**
 * What the speech models cost: CPU and time for a second of speech on one thread, words wrong, and memory, each in a process of its
 * own. `node bench/speech.ts [model...]`; those that are not on this machine are left out: `npx edgertc models pull` brings them.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { frameDurationMs } from "../media-node/audio/frame.ts";
import { readWav } from "../media-node/audio/wav.ts";
import { models } from "../media-node/models/index.ts";
import { Speech } from "../media-node/speech/speech.ts";
import { wordErrors } from "../media-node/speech/word-errors.ts";

/** By the names stream files use: what the store calls them. */
const MODELS = {
  "moonshine/tiny": "moonshine-tiny-en",
  "moonshine/base": "moonshine-base-en",
  flite: "flite",
  kokoro: "kokoro-82m",
} as const;
type Model = keyof typeof MODELS;

/** Said by people, with what they said. */
const CLIPS = [
  "cards-001.wav",
  "cards-003.wav",
  "cards-005.wav",
  "goforward.wav",
  "librivox-0870.wav",
  "librivox-0880.wav",
];
const SENTENCES = [
  "Yes, of course.",
  "What is the weather like in Paris tomorrow?",
  "I would like to order a large pizza with mushrooms, please.",
  "The train leaves in twenty minutes from platform nine, and it costs $19.99.",
];
const MEGABYTE = 1_000_000;

interface Measured {
  readonly speechSeconds: number;
  readonly errors: number;
  readonly words: number;
}

function isModel(name: string): name is Model {
  return Object.hasOwn(MODELS, name);
}

const fixture = (name: string) => new URL(`../test/fixtures/speech/${name}`, import.meta.url);

async function transcribe(speech: Speech, model: string): Promise<Measured> {
  const stt = speech.getSTTModel(model);
  const said: unknown = JSON.parse(readFileSync(fixture("transcripts.json"), "utf8"));
  let [speechSeconds, errors, words] = [0, 0, 0];
  for (const clip of CLIPS) {
    const audio = readWav(readFileSync(fixture(clip)));
    const expected =
      typeof said === "object" && said !== null ? Object.entries(said).find(([name]) => name === clip) : undefined;
    const result = wordErrors(String(expected?.[1] ?? ""), await stt.stt(audio));
    speechSeconds += frameDurationMs(audio) / 1_000;
    errors += result.errors;
    words += result.words;
  }
  return { speechSeconds, errors, words };
}

async function speak(speech: Speech, model: string): Promise<Measured> {
  const tts = speech.getTTSModel(model);
  let speechSeconds = 0;
  for (const sentence of SENTENCES) speechSeconds += frameDurationMs(await tts.tts(sentence)) / 1_000;
  return { speechSeconds, errors: 0, words: 0 };
}

async function measure(model: Model): Promise<string> {
  const emptyBytes = process.memoryUsage.rss();
  const speech = new Speech();
  const work = model.startsWith("moonshine") ? transcribe : speak;
  const loadMs = performance.now();
  if (work === transcribe) speech.getSTTModel(model);
  else speech.getTTSModel(model);
  // Voice activity detection is there in every process.
  await speech.ready();
  const loadedMs = performance.now() - loadMs;
  await work(speech, model);
  const [usedBefore, startMs] = [process.cpuUsage(), performance.now()];
  const { speechSeconds, errors, words } = await work(speech, model);
  const used = process.cpuUsage(usedBefore);
  const wallSeconds = (performance.now() - startMs) / 1_000;
  const bytes = process.memoryUsage.rss() - emptyBytes;
  await speech.close();
  return [
    model.padEnd(16),
    `${(loadedMs / 1_000).toFixed(1)} s`.padStart(8),
    `${(((used.user + used.system) / 1_000_000 / speechSeconds) * 1_000).toFixed(0)} ms`.padStart(10),
    (wallSeconds / speechSeconds).toFixed(3).padStart(10),
    `${(bytes / MEGABYTE).toFixed(0)} MB`.padStart(9),
    words === 0 ? "" : `   ${errors} of ${words} words wrong`,
  ].join("");
}

const [first, ...others] = process.argv.slice(2);
if (process.send !== undefined && first !== undefined && isModel(first)) {
  console.log(await measure(first));
  process.disconnect();
} else {
  const asked = [first, ...others].filter((name) => name !== undefined);
  const known = asked.length === 0 ? Object.keys(MODELS).filter(isModel) : asked.filter(isModel);
  const ready = new Set((await models.list()).filter(({ state }) => state === "ready").map(({ name }) => name));
  console.log("per second of speech; memory of the thread with its model, and voice activity detection's, 40 MB");
  console.log("model               load  CPU time  time taken   memory");
  for (const model of known) {
    if (!ready.has(MODELS[model])) {
      console.log(`${model.padEnd(16)} not on this machine`);
      continue;
    }
    const child = fork(new URL(import.meta.url), [model]);
    await once(child, "exit");
    // For the machine to come to rest.
    await after(200);
  }
}
