/**
 * Voice activity detection for all sessions of a process: one thread runs Silero over their windows in batches, since
 * sixteen windows at once cost a quarter each of what one alone does. The media thread only copies and posts.
 */
import { type Clock, systemClock, type Timer } from "../../time/clock.ts";
import { EngineThread, type LoadProgram, type ThreadProgram } from "../engine-thread.ts";
import { EngineMeter, type EngineUsage } from "../engine-usage.ts";
import { loadModel } from "../load-model.ts";
import { isPacket, type Packet, RESET_BIT, viewPacket } from "./packet.ts";
import { WindowQueue, type WindowTag } from "./queue.ts";
import { MAX_WINDOWS } from "./run-plan.ts";
import { type OnProbability, SessionWindows, type VadStream } from "./session-windows.ts";
import { BATCH_DELAY_MS, delayMs, type Urgency } from "./urgency.ts";

/** With fewer open streams than this no company is to be expected within the delay, and windows go at once. */
const MIN_STREAMS_TO_WAIT = 4;
/** Windows of one stream that may wait, about 1 s; past it the oldest are dropped and counted. */
export const MAX_QUEUED_WINDOWS = 32;

export interface SileroVadOptions {
  /** The thread died or could not start, or a listener threw: to be logged. A thread is tried again while audio comes. */
  readonly onError: (error: Error) => void;
  readonly clock?: Clock;
  /** Default {@link BATCH_DELAY_MS}. */
  readonly batchDelayMs?: number;
  /** Prepares the thread. Default: fetches Silero through the model store. For tests. */
  readonly load?: LoadProgram;
}

/** The packet the thread is working on, and whose windows are in it. */
interface Batch {
  readonly tags: readonly WindowTag<SessionWindows>[];
  readonly sinceMs: number;
}

export class SileroVad {
  readonly #clock: Clock;
  readonly #batchDelayMs: number;
  readonly #onError: (error: Error) => void;
  readonly #thread: EngineThread;
  readonly #queue = new WindowQueue<SessionWindows>();
  readonly #streams = new Set<SessionWindows>();
  readonly #freeSlots: number[] = [];
  readonly #meter = new EngineMeter();
  #slots = 0;
  #inFlight: Batch | undefined;
  #timer: { readonly dueMs: number; readonly timer: Timer } | undefined;
  /** When the first of those that wait is due. */
  #dueMs = Number.POSITIVE_INFINITY;

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
    const stream = new SessionWindows(slot, onProbability, {
      enqueue: (tag, word, input, urgency) => this.#enqueue(tag, word, input, urgency),
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

  #enqueue(tag: WindowTag<SessionWindows>, word: number, input: Int16Array, urgency: Urgency): void {
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
    this.#queue.push(tag, word, input);
    this.#dueMs = Math.min(this.#dueMs, this.#clock.nowMs() + this.#delayMs(urgency));
    this.#schedule();
  }

  #delayMs(urgency: Urgency): number {
    return urgency === "soon" && this.#streams.size < MIN_STREAMS_TO_WAIT ? 0 : delayMs(urgency, this.#batchDelayMs);
  }

  #schedule(): void {
    if (this.#inFlight !== undefined || this.#queue.count === 0) return;
    const nowMs = this.#clock.nowMs();
    const dueMs = this.#queue.count >= MAX_WINDOWS ? nowMs : Math.max(nowMs, this.#dueMs);
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return;
    this.#stopWaiting();
    const timer = this.#clock.after(dueMs - nowMs, () => {
      this.#timer = undefined;
      this.#flush();
    });
    this.#timer = { dueMs, timer };
  }

  #stopWaiting(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  #flush(): void {
    if (!this.#thread.running) {
      // Nothing is due before there is one: the next window does not ask for it again at once.
      this.#dueMs = Number.POSITIVE_INFINITY;
      // A thread that cannot start has told onError; the next window tries again.
      this.#thread.start().then(
        () => this.#flush(),
        () => undefined,
      );
      return;
    }
    if (this.#inFlight !== undefined || this.#queue.count === 0) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
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

async function loadSilero(signal: AbortSignal): Promise<ThreadProgram> {
  const paths = await loadModel("silero-vad-v6", signal);
  return { url: new URL("./worker.ts", import.meta.url), data: { model: paths["silero_vad.onnx"] } };
}
