/**
 * Voice activity detection for all sessions of a process: one thread runs Silero over their windows in batches, since
 * sixteen windows at once cost a quarter each of what one alone does. The media thread only copies and posts.
 */
import { isDigitalSilence } from "../../audio/frame.ts";
import { type Clock, systemClock, type Timer } from "../../time/clock.ts";
import { EngineThread, type LoadProgram, type ThreadProgram } from "../engine-thread.ts";
import { EngineMeter, type EngineUsage } from "../engine-usage.ts";
import { loadModel } from "../load-model.ts";
import { isPacket, type Packet, RESET_BIT, viewPacket, WINDOW_SAMPLES } from "./packet.ts";
import { WindowQueue, type WindowTag } from "./queue.ts";

/** How long a window may wait for others to share its batch. */
export const BATCH_DELAY_MS = 16;
/**
 * How long one may wait of a session that is silent and has been for a while: waking the thread costs more than what it
 * then does, and nobody waits to hear that there is still nothing. Any louder window sends all that wait.
 */
export const CALM_DELAY_MS = 128;
/** Windows that are worth a batch without any more waiting: about a millisecond of work. */
const FULL_BATCH = 64;
/** A session is not calm for 1.5 s after a window that may have been speech. */
const ALERT_PROBABILITY = 0.1;
const ALERT_WINDOWS = 48;
/** Mean square of a window that is loud enough to be looked at soon: −50 dB. */
const LOUD_MEAN_SQUARE = 100 ** 2;
/** With fewer open streams than this no company is to be expected within the delay, and windows go at once. */
const MIN_STREAMS_TO_WAIT = 4;
/** Windows of one stream that may wait, about 1 s; past it the oldest are dropped and counted. */
export const MAX_QUEUED_WINDOWS = 32;

/** Called for each window, in order. `probability` is that of speech, 0 to 1; `windowIndex` counts from 0 in 32 ms. */
export type OnProbability = (probability: number, windowIndex: number) => void;

export interface SileroVadOptions {
  /** The thread died or could not start, or a listener threw: to be logged. A thread is tried again while audio comes. */
  readonly onError: (error: Error) => void;
  readonly clock?: Clock;
  /** Default {@link BATCH_DELAY_MS}. */
  readonly batchDelayMs?: number;
  /** Prepares the thread. Default: fetches Silero through the model store. For tests. */
  readonly load?: LoadProgram;
}

/** One session's voice activity detection. */
export interface VadStream {
  /** Takes 16 kHz samples, any number of them. */
  push(samples: Int16Array): void;
  /** Forgets what was heard: windows that are on their way are never reported. `windowIndex` goes on. */
  reset(): void;
  /** Nothing is reported after it. */
  close(): void;
  /** Windows dropped because the thread was too slow or down. */
  readonly droppedWindows: number;
}

/** The packet the thread is working on, and whose windows are in it. */
interface Batch {
  readonly tags: readonly WindowTag<Stream>[];
  readonly sinceMs: number;
}

export class SileroVad {
  readonly #clock: Clock;
  readonly #batchDelayMs: number;
  readonly #onError: (error: Error) => void;
  readonly #thread: EngineThread;
  readonly #queue = new WindowQueue<Stream>();
  readonly #streams = new Set<Stream>();
  readonly #freeSlots: number[] = [];
  readonly #meter = new EngineMeter();
  #slots = 0;
  #inFlight: Batch | undefined;
  #timer: { readonly dueMs: number; readonly timer: Timer } | undefined;
  /** Whether a window waits that is not calm. */
  #urgent = false;

  constructor(options: SileroVadOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#batchDelayMs = options.batchDelayMs ?? BATCH_DELAY_MS;
    this.#onError = options.onError;
    this.#thread = new EngineThread({
      name: "voice activity detection",
      load: options.load ?? loadSilero,
      onMessage: (message) => this.#onReply(message),
      onDown: (error) => this.#onDown(error),
      clock: this.#clock,
    });
  }

  /** Resolves when the model is loaded. Without it the first windows wait. @throws as the model store does. */
  async ready(): Promise<void> {
    this.#thread.hold(true);
    try {
      await this.#thread.start();
    } finally {
      this.#thread.hold(false);
    }
  }

  /** Its jobs are windows; those of digital silence are none, and those that were dropped were refused. */
  get usage(): EngineUsage {
    const { sinceMs } = this.#inFlight ?? {};
    return this.#meter.usage(this.#queue.count, sinceMs === undefined ? 0 : this.#clock.nowMs() - sinceMs);
  }

  /** Streams that are open. */
  get openStreams(): number {
    return this.#streams.size;
  }

  open(onProbability: OnProbability): VadStream {
    const slot = this.#freeSlots.pop() ?? this.#slots++;
    const stream = new Stream(slot, onProbability, {
      enqueue: (tag, word, window, isCalm) => this.#enqueue(tag, word, window, isCalm),
      closed: () => {
        if (this.#streams.delete(stream)) this.#freeSlots.push(slot);
      },
    });
    this.#streams.add(stream);
    return stream;
  }

  /** Ends the thread. Streams that are still open report nothing more. */
  async close(): Promise<void> {
    for (const stream of [...this.#streams]) stream.close();
    this.#stopWaiting();
    // Nothing is left that an answer still under way could give cause to send.
    this.#queue.take();
    await this.#thread.close();
  }

  #enqueue(tag: WindowTag<Stream>, word: number, window: Int16Array, isCalm: boolean): void {
    const { owner } = tag;
    if (owner.queued >= MAX_QUEUED_WINDOWS) {
      owner.droppedWindows += 1;
      this.#meter.count("refused");
      // Windows that the thread has are not ours to drop: then it is the new one that goes.
      if (!this.#queue.dropOldest(owner)) {
        owner.startsAnew ||= (word & RESET_BIT) !== 0;
        return;
      }
      owner.queued -= 1;
    }
    owner.queued += 1;
    this.#queue.push(tag, word, window);
    this.#urgent ||= !isCalm;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#inFlight !== undefined || this.#queue.count === 0) return;
    const delayMs = this.#delayMs();
    const dueMs = this.#clock.nowMs() + delayMs;
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return;
    this.#stopWaiting();
    const timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#flush();
    });
    this.#timer = { dueMs, timer };
  }

  #delayMs(): number {
    if (this.#queue.count >= FULL_BATCH) return 0;
    if (!this.#urgent) return CALM_DELAY_MS;
    return this.#streams.size < MIN_STREAMS_TO_WAIT ? 0 : this.#batchDelayMs;
  }

  #stopWaiting(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  #flush(): void {
    if (!this.#thread.running) {
      // A thread that cannot start has told onError; the next window tries again.
      this.#thread.start().then(
        () => this.#flush(),
        () => undefined,
      );
      return;
    }
    if (this.#inFlight !== undefined || this.#queue.count === 0) return;
    this.#urgent = false;
    const { packet, tags } = this.#queue.take();
    this.#inFlight = { tags, sinceMs: this.#clock.nowMs() };
    this.#thread.post(packet, [packet.buffer]);
  }

  #onReply(message: unknown): void {
    if (this.#inFlight === undefined || !isPacket(message)) return;
    const { tags } = this.#inFlight;
    this.#batchOver("done");
    const { probabilities } = viewPacket(message.buffer, message.capacity);
    for (const [i, { owner, index, epoch }] of tags.entries()) {
      owner.queued -= 1;
      try {
        owner.report(probabilities[i] ?? 0, index, epoch);
      } catch (error) {
        // One session's fault must not cost the others their windows.
        this.#onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#queue.recycle(message satisfies Packet);
    this.#schedule();
  }

  #onDown(error: Error): void {
    for (const { owner } of this.#inFlight?.tags ?? []) {
      owner.queued -= 1;
      owner.droppedWindows += 1;
    }
    this.#batchOver("failed");
    this.#onError(error);
  }

  #batchOver(outcome: "done" | "failed"): void {
    if (this.#inFlight === undefined) return;
    const { tags, sinceMs } = this.#inFlight;
    this.#inFlight = undefined;
    this.#meter.count(outcome, tags.length);
    this.#meter.worked(this.#clock.nowMs() - sinceMs);
  }
}

interface StreamHost {
  enqueue(tag: WindowTag<Stream>, word: number, window: Int16Array, isCalm: boolean): void;
  closed(): void;
}

/** Cuts one session's samples into windows. */
class Stream implements VadStream {
  droppedWindows = 0;
  /** Windows waiting or with the thread. */
  queued = 0;
  /** Whether the next window is the first that the thread hears. */
  startsAnew = true;
  readonly #slot: number;
  readonly #onProbability: OnProbability;
  readonly #host: StreamHost;
  readonly #window = new Int16Array(WINDOW_SAMPLES);
  #filled = 0;
  #index = 0;
  #epoch = 0;
  /** Index of the window up to which the session counts as alert. */
  #alertUntil = -1;
  #open = true;

  constructor(slot: number, onProbability: OnProbability, host: StreamHost) {
    this.#slot = slot;
    this.#onProbability = onProbability;
    this.#host = host;
  }

  push(samples: Int16Array): void {
    if (!this.#open) return;
    for (let from = 0; from < samples.length; ) {
      const part = samples.subarray(from, from + WINDOW_SAMPLES - this.#filled);
      this.#window.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled < WINDOW_SAMPLES) return;
      this.#filled = 0;
      const index = this.#index++;
      const isAlert = index <= this.#alertUntil;
      if (!isAlert && this.queued === 0 && isDigitalSilence(this.#window)) {
        // Nothing to infer, and nothing to remember: the next sound meets the model as a new session would.
        this.startsAnew = true;
        this.report(0, index, this.#epoch);
        continue;
      }
      const word = this.#slot | (this.startsAnew ? RESET_BIT : 0);
      this.startsAnew = false;
      const isCalm = !isAlert && !isLoud(this.#window);
      this.#host.enqueue({ owner: this, index, epoch: this.#epoch }, word, this.#window, isCalm);
    }
  }

  reset(): void {
    this.#filled = 0;
    this.#epoch += 1;
    this.startsAnew = true;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#host.closed();
  }

  report(probability: number, index: number, epoch: number): void {
    if (probability >= ALERT_PROBABILITY) this.#alertUntil = index + ALERT_WINDOWS;
    if (this.#open && epoch === this.#epoch) this.#onProbability(probability, index);
  }
}

function isLoud(window: Int16Array): boolean {
  let sum = 0;
  for (const sample of window) sum += sample * sample;
  return sum >= LOUD_MEAN_SQUARE * WINDOW_SAMPLES;
}

async function loadSilero(signal: AbortSignal): Promise<ThreadProgram> {
  const paths = await loadModel("silero-vad-v6", signal);
  return { url: new URL("./worker.ts", import.meta.url), data: { model: paths["silero_vad.onnx"] } };
}
