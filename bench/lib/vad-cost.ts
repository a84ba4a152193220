/**
 * What voice activity detection costs a process: many sessions are fed as calls are, a 20 ms frame each, spread over the 20 ms, and take turns as
 * they do by default, since that decides which windows are wanted soon.
 */
import { setTimeout as after } from "node:timers/promises";
import { THINK_AHEAD_MS } from "../../media-node/handlers/reply-on-pause-options.ts";
import { SileroVad } from "../../media-node/speech/vad/silero-vad.ts";
import { BATCH_DELAY_MS } from "../../media-node/speech/vad/urgency.ts";
import { systemClock } from "../../media-node/time/clock.ts";
import { DEFAULT_SPEECH } from "../../media-node/turn/speech-detector.ts";
import { SpeechTurns } from "../../media-node/turn/speech-turns.ts";

/** At 16 kHz. */
const FRAME_SAMPLES = 320;
const FRAME_MS = 20;
const WINDOW_SAMPLES = 512;
/**
 * At first sessions are fed faster than real time, for a minute of their lives, and then for some slices that do not count: V8 goes on compiling
 * for a quarter of a minute, and a server's code has been compiled long since.
 */
const WARM_UP = { durationMs: 3_000, speed: 20, slices: 6 };
/** With and without detection in turn, since the machine's speed wanders. */
const SLICE_MS = 1_000;
/** After a slice, for what still waits. */
const REST_MS = 200;
/** What a speaker notices the moment of: that one is heard, that a reply is thought of, that it is given. */
const FELT: ReadonlySet<string> = new Set(["speech_started", "speech_paused", "speech_ended"]);
/** More windows than wait at a time. */
const AHEAD = 64;
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
  /** CPU per 32 ms window, feeding subtracted, what turn taking makes of it included: of the whole process, and of the thread that feeds. */
  readonly totalMs: number;
  readonly mainMs: number;
  /** From a window's last sample to its result, ascending: of all, and of those that a speaker notices. */
  readonly latenciesMs: readonly number[];
  readonly decisionLatenciesMs: readonly number[];
  readonly dropped: number;
}

export async function measureVad(load: VadLoad): Promise<VadCost> {
  const { durationMs, batchDelayMs = BATCH_DELAY_MS } = load;
  const failed = Promise.withResolvers<never>();
  const vad = new SileroVad({ batchDelayMs, onError: failed.reject });
  const measured = async (): Promise<VadCost> => {
    await vad.ready();
    const heard = new Crowd(load, failed.reject, vad);
    const unheard = new Crowd(load, failed.reject);
    await heard.feed(WARM_UP.durationMs, WARM_UP.speed);
    await unheard.feed(WARM_UP.durationMs, WARM_UP.speed);
    for (let slice = 0; slice < WARM_UP.slices; slice++) {
      await heard.feed(SLICE_MS);
      await unheard.feed(SLICE_MS);
    }
    heard.forget();
    let [processMs, threadMs] = [0, 0];
    for (let slice = 0; slice < durationMs / SLICE_MS; slice++) {
      const [used, idle] = [await cpuMs(() => heard.feed(SLICE_MS)), await cpuMs(() => unheard.feed(SLICE_MS))];
      processMs += used.processMs - idle.processMs;
      threadMs += used.threadMs - idle.threadMs;
    }
    const { windows, latenciesMs, decisionLatenciesMs, dropped } = heard;
    heard.close();
    unheard.close();
    return {
      windowsPerSecond: (windows / durationMs) * 1_000,
      totalMs: processMs / windows,
      mainMs: threadMs / windows,
      latenciesMs: latenciesMs.sort((a, b) => a - b),
      decisionLatenciesMs: decisionLatenciesMs.sort((a, b) => a - b),
      dropped,
    };
  };
  try {
    return await Promise.race([measured(), failed.promise]);
  } finally {
    await vad.close();
  }
}

/** Sessions that are talked to. Without a detector they cost what feeding costs: turn taking that is told nothing. */
class Crowd {
  windows = 0;
  latenciesMs: number[] = [];
  decisionLatenciesMs: number[] = [];
  readonly #frames: readonly Int16Array[];
  readonly #sessions: readonly FedSession[];
  #droppedBefore = 0;

  constructor({ samples, sessions }: VadLoad, failed: (error: unknown) => void, vad?: SileroVad) {
    this.#frames = framesOf(samples);
    this.#sessions = Array.from({ length: sessions }, (_, i) => this.#session(i / sessions, i, failed, vad));
  }

  get dropped(): number {
    return this.#allDropped - this.#droppedBefore;
  }

  get #allDropped(): number {
    return this.#sessions.reduce((sum, { droppedWindows }) => sum + droppedWindows(), 0);
  }

  /** @param speed how many seconds of audio there are to a second. */
  async feed(durationMs: number, speed = 1): Promise<void> {
    const start = performance.now();
    let fedMs = 0;
    while (fedMs < durationMs) {
      fedMs = performance.now() - start;
      for (const session of this.#sessions) {
        // A phase of one session in the 20 ms of all, so that frames come one by one.
        while (session.fed * FRAME_MS < (fedMs - session.phaseMs) * speed) this.#feed(session);
      }
      await after(1);
    }
    for (const session of this.#sessions) session.fed = 0;
    await after(REST_MS);
  }

  /** What was measured so far. */
  forget(): void {
    this.#droppedBefore = this.#allDropped;
    this.windows = 0;
    this.latenciesMs = [];
    this.decisionLatenciesMs = [];
  }

  close(): void {
    for (const { turns } of this.#sessions) turns.close();
  }

  #feed(session: FedSession): void {
    session.fed++;
    const frame = this.#frames[(session.from + session.sent++) % this.#frames.length] ?? new Int16Array(FRAME_SAMPLES);
    const complete = Math.floor((session.sent * FRAME_SAMPLES) / WINDOW_SAMPLES);
    for (; session.complete < complete; session.complete++)
      session.completedAt[session.complete % AHEAD] = performance.now();
    void session.turns.push({ sampleRate: 16_000, samples: frame });
  }

  #session(phase: number, index: number, failed: (error: unknown) => void, vad: SileroVad | undefined): FedSession {
    const completedAt = new Float64Array(AHEAD);
    let droppedWindows = () => 0;
    let latencyMs = 0;
    const turns: SpeechTurns = new SpeechTurns({
      speech: DEFAULT_SPEECH,
      sampleRate: 16_000,
      thinkAheadMs: THINK_AHEAD_MS,
      clock: systemClock,
      holdsReply: () => false,
      onError: failed,
      onEvent: ({ type }) => {
        if (FELT.has(type)) this.decisionLatenciesMs.push(latencyMs);
        if (type === "speech_ended") turns.take(true);
      },
      openVad: (onProbability) => {
        const stream = vad?.open((probability, window) => {
          this.windows++;
          latencyMs = performance.now() - (completedAt[window % AHEAD] ?? 0);
          this.latenciesMs.push(latencyMs);
          onProbability(probability);
        });
        if (stream === undefined) return { push: () => undefined, close: () => undefined };
        droppedWindows = () => stream.droppedWindows;
        return stream;
      },
    });
    return {
      turns,
      droppedWindows: () => droppedWindows(),
      completedAt,
      phaseMs: phase * FRAME_MS,
      from: index * SESSION_STEP,
      complete: 0,
      sent: 0,
      fed: 0,
    };
  }
}

interface FedSession {
  readonly turns: SpeechTurns;
  readonly droppedWindows: () => number;
  /** When each of the last windows got its last sample. */
  readonly completedAt: Float64Array;
  readonly phaseMs: number;
  /** The frame of the recording that it began with. */
  readonly from: number;
  /** Windows. */
  complete: number;
  /** Frames: since it began, and since this feeding began. */
  sent: number;
  fed: number;
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
