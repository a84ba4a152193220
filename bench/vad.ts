/**
 * What voice activity detection costs: CPU per 32 ms window, messaging included, on the thread that feeds it and on its
 * own. Sessions are fed as calls are: a 20 ms frame each, spread over the 20 ms. `node bench/vad.ts [seconds] [batchDelayMs]`
 */
import { readFileSync } from "node:fs";
import { readWav } from "../media-node/audio/wav.ts";
import { BATCH_DELAY_MS, SileroVad } from "../media-node/speech/vad/silero-vad.ts";

const FRAME_SAMPLES = 320;
const FRAME_MS = 20;
const WARM_UP_MS = 1_000;

const seconds = Number(process.argv[2] ?? 6);
const batchDelayMs = Number(process.argv[3] ?? BATCH_DELAY_MS);
const recording = readWav(readFileSync(new URL("../test/fixtures/speech/librivox-0870.wav", import.meta.url))).samples;
/** Everybody talks all the time; nobody says anything, with a little noise. */
const SCENES = {
  talking: cut(recording),
  silent: cut(Int16Array.from({ length: 32_000 }, (_, i) => 20 * Math.sin(i * i))),
};

function cut(samples: Int16Array): Int16Array[] {
  return Array.from({ length: Math.floor(samples.length / FRAME_SAMPLES) }, (_, i) =>
    samples.subarray(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES),
  );
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const percentile = (sorted: readonly number[], p: number) => sorted[Math.floor((sorted.length - 1) * p)] ?? Number.NaN;

/** Feeds `sessions` streams in real time. `vad` undefined measures the feeding alone. */
async function feed(vad: SileroVad | undefined, frames: Int16Array[], sessions: number, durationMs: number) {
  let windows = 0;
  const latenciesMs: number[] = [];
  const streams = Array.from({ length: sessions }, (_, i) => {
    const completedAt: number[] = [];
    const stream = vad?.open((_probability, index) => {
      windows++;
      const at = completedAt[index];
      if (at !== undefined) latenciesMs.push(performance.now() - at);
    });
    return { stream, completedAt, phaseMs: (i * FRAME_MS) / sessions, sent: i * 7, samples: 0 };
  });
  const start = performance.now();
  while (performance.now() - start < durationMs) {
    const elapsed = performance.now() - start;
    for (const session of streams) {
      while (session.phaseMs <= elapsed) {
        session.phaseMs += FRAME_MS;
        const frame = frames[session.sent++ % frames.length] ?? new Int16Array(FRAME_SAMPLES);
        session.samples += frame.length;
        const complete = Math.floor(session.samples / 512);
        while (session.completedAt.length < complete) session.completedAt.push(performance.now());
        session.stream?.push(frame);
      }
    }
    await sleep(1);
  }
  const dropped = streams.reduce((sum, { stream }) => sum + (stream?.droppedWindows ?? 0), 0);
  for (const { stream } of streams) stream?.close();
  return { windows, dropped, latenciesMs: latenciesMs.sort((a, b) => a - b) };
}

async function cpuMs(work: () => Promise<unknown>): Promise<{ process: number; thread: number }> {
  const before = process.cpuUsage();
  const threadBefore = process.threadCpuUsage();
  await work();
  const all = process.cpuUsage(before);
  const thread = process.threadCpuUsage(threadBefore);
  return { process: (all.user + all.system) / 1_000, thread: (thread.user + thread.system) / 1_000 };
}

console.log(
  `${seconds} s each, batches after ${batchDelayMs} ms · CPU ms per window, feeding subtracted · latency from a window's last sample to its result`,
);
console.log("           sessions  windows/s  total ms  media thread ms  VAD thread ms  latency p50/p99 ms  dropped");
for (const [scene, frames] of Object.entries(SCENES)) {
  for (const sessions of [1, 8, 32, 100]) await measure(scene, frames, sessions);
}

async function measure(scene: string, frames: Int16Array[], sessions: number): Promise<void> {
  const vad = new SileroVad({
    batchDelayMs,
    onError: (error) => {
      throw error;
    },
  });
  await vad.ready();
  await feed(vad, frames, sessions, WARM_UP_MS);
  let result = { windows: 0, dropped: 0, latenciesMs: [0] };
  const used = await cpuMs(async () => {
    result = await feed(vad, frames, sessions, seconds * 1_000);
  });
  await vad.close();
  await feed(undefined, frames, sessions, WARM_UP_MS);
  const idle = await cpuMs(() => feed(undefined, frames, sessions, seconds * 1_000));
  const total = (used.process - idle.process) / result.windows;
  const main = (used.thread - idle.thread) / result.windows;
  console.log(
    [
      scene.padEnd(11),
      String(sessions).padStart(8),
      (result.windows / seconds).toFixed(0).padStart(11),
      total.toFixed(4).padStart(10),
      main.toFixed(4).padStart(17),
      (total - main).toFixed(4).padStart(15),
      `${percentile(result.latenciesMs, 0.5).toFixed(1)}/${percentile(result.latenciesMs, 0.99).toFixed(1)}`.padStart(
        20,
      ),
      String(result.dropped).padStart(9),
    ].join(""),
  );
}
