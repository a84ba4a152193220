/** What voice activity detection costs a process: many sessions are fed as calls are, a 20 ms frame each, spread over the 20 ms. */
import { setTimeout as after } from "node:timers/promises";
import { BATCH_DELAY_MS, SileroVad } from "../../media-node/speech/vad/silero-vad.ts";

/** At 16 kHz. */
const FRAME_SAMPLES = 320;
const FRAME_MS = 20;
const WINDOW_SAMPLES = 512;
const WARM_UP_MS = 1_000;
/** Sessions begin this many frames apart in the same recording. */
const SESSION_STEP = 7;

export interface VadLoad {
  /** What each session hears, over and over: 16 kHz mono. */
  readonly samples: Int16Array;
  readonly sessions: number;
  readonly durationMs: number;
  readonly batchDelayMs?: number;
}

export interface VadCost {
  readonly windowsPerSecond: number;
  /** CPU per 32 ms window, feeding subtracted: of the whole process, and of the thread that feeds. */
  readonly totalMs: number;
  readonly mainMs: number;
  /** From a window's last sample to its result, ascending. */
  readonly latenciesMs: readonly number[];
  readonly dropped: number;
}

export async function measureVad(load: VadLoad): Promise<VadCost> {
  const { durationMs, batchDelayMs = BATCH_DELAY_MS } = load;
  const failed = Promise.withResolvers<never>();
  const vad = new SileroVad({ batchDelayMs, onError: failed.reject });
  const measured = async (): Promise<VadCost> => {
    await vad.ready();
    await feed(vad, load, WARM_UP_MS);
    const used = await cpuMs(() => feed(vad, load, durationMs));
    await feed(undefined, load, WARM_UP_MS);
    const idle = await cpuMs(() => feed(undefined, load, durationMs));
    const { windows, latenciesMs, dropped } = used.result;
    return {
      windowsPerSecond: (windows / durationMs) * 1_000,
      totalMs: (used.processMs - idle.processMs) / windows,
      mainMs: (used.threadMs - idle.threadMs) / windows,
      latenciesMs: latenciesMs.sort((a, b) => a - b),
      dropped,
    };
  };
  try {
    return await Promise.race([measured(), failed.promise]);
  } finally {
    await vad.close();
  }
}

/** Feeds the sessions in real time. `vad` undefined measures the feeding alone. */
async function feed(vad: SileroVad | undefined, { samples, sessions }: VadLoad, durationMs: number) {
  const frames = framesOf(samples);
  let windows = 0;
  const latenciesMs: number[] = [];
  const streams = Array.from({ length: sessions }, (_, i) => {
    const completedAt: number[] = [];
    const stream = vad?.open((_probability, index) => {
      windows++;
      const at = completedAt[index];
      if (at !== undefined) latenciesMs.push(performance.now() - at);
    });
    return { stream, completedAt, phaseMs: (i * FRAME_MS) / sessions, sent: i * SESSION_STEP, samples: 0 };
  });
  const start = performance.now();
  while (performance.now() - start < durationMs) {
    const elapsed = performance.now() - start;
    for (const session of streams) {
      while (session.phaseMs <= elapsed) {
        session.phaseMs += FRAME_MS;
        const frame = frames[session.sent++ % frames.length] ?? new Int16Array(FRAME_SAMPLES);
        session.samples += frame.length;
        const complete = Math.floor(session.samples / WINDOW_SAMPLES);
        while (session.completedAt.length < complete) session.completedAt.push(performance.now());
        session.stream?.push(frame);
      }
    }
    await after(1);
  }
  const dropped = streams.reduce((sum, { stream }) => sum + (stream?.droppedWindows ?? 0), 0);
  for (const { stream } of streams) stream?.close();
  return { windows, dropped, latenciesMs };
}

function framesOf(samples: Int16Array): Int16Array[] {
  return Array.from({ length: Math.floor(samples.length / FRAME_SAMPLES) }, (_, i) =>
    samples.subarray(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES),
  );
}

async function cpuMs<T>(work: () => Promise<T>) {
  const before = process.cpuUsage();
  const threadBefore = process.threadCpuUsage();
  const result = await work();
  const all = process.cpuUsage(before);
  const thread = process.threadCpuUsage(threadBefore);
  return { result, processMs: (all.user + all.system) / 1_000, threadMs: (thread.user + thread.system) / 1_000 };
}
