/** Gradio's streaming input: the client's audio in chunks of a chosen length, each handed to a function. */
import { EdgeRtcError } from "../../shared/errors.ts";
import type { InputValues } from "../../shared/inputs.ts";
import { type AudioFrame, type HeardFrame, toInt16 } from "../audio/frame.ts";
import { SampleBuffer } from "../audio/sample-buffer.ts";
import { AsyncQueue } from "./async-queue.ts";
import { type Emission, readEmission } from "./emission.ts";
import { Reply, type ReplyResult } from "./reply.ts";
import { type Run, reportFailure, runOf } from "./run.ts";
import { needOwnCopy, StreamHandler, type StreamHandlerOptions } from "./stream-handler.ts";

/** Seconds, as Gradio's `stream_every`, and its default. */
const DEFAULT_STREAM_EVERY = 0.5;
/** One frame; longer than a minute it is a recording. */
const MIN_STREAM_EVERY = 0.02;
const MAX_STREAM_EVERY = 60;
/** Chunks that wait for a function that is still busy, and how much audio they are together. Past it the oldest goes. */
const MAX_WAITING_CHUNKS = 8;
const MAX_WAITING_S = 60;
/** As long as a reply function may take. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** A chunk of what the client sends. */
export interface Chunk<Inputs extends InputValues = InputValues> extends Run<Inputs> {
  /** Int16 at the handler's `inputSampleRate`; every chunk has the same length. */
  readonly audio: HeardFrame;
}

export type ChunkFunction<Inputs extends InputValues = InputValues> = (chunk: Chunk<Inputs>) => ReplyResult;

export interface StreamEveryOptions extends StreamHandlerOptions {
  /** Length of a chunk in **seconds**, from 0.02 to 60. Default 0.5. */
  readonly streamEvery?: number;
  /** Longest the function may take from one value to the next; then that chunk fails. Default 60,000; null is none. */
  readonly replyTimeoutMs?: number | null;
}

/**
 * The function is called for one chunk after the other, in order. Its `state` is the session's.
 * @example
 * new Stream(new StreamEvery(({ audio, state }) => new AdditionalOutputs(loudness(audio)), { streamEvery: 0.2 }), { modality: "audio" });
 */
export class StreamEvery<Inputs extends InputValues = InputValues> extends StreamHandler {
  readonly #fn: ChunkFunction<Inputs>;
  readonly #options: StreamEveryOptions;
  readonly #chunkLength: number;
  readonly #chunks: AsyncQueue<HeardFrame>;
  readonly #samples = new SampleBuffer();
  #reply: Reply | undefined;
  /** `behind`: chunks were dropped since none last waited. */
  #pace: "keeping_up" | "behind" = "keeping_up";

  /** @throws RangeError for a length or a rate that makes no sense. */
  constructor(fn: ChunkFunction<Inputs>, options: StreamEveryOptions = {}) {
    super(options);
    if (new.target !== StreamEvery) needOwnCopy(new.target.name, this.copy !== StreamEvery.prototype.copy);
    const { streamEvery = DEFAULT_STREAM_EVERY } = options;
    if (!(streamEvery >= MIN_STREAM_EVERY && streamEvery <= MAX_STREAM_EVERY)) {
      throw new RangeError(
        `streamEvery must be from ${MIN_STREAM_EVERY} to ${MAX_STREAM_EVERY} seconds, not ${streamEvery}.`,
      );
    }
    this.#fn = fn;
    this.#options = options;
    this.#chunkLength = Math.round(streamEvery * this.inputSampleRate) * (this.expectedLayout === "stereo" ? 2 : 1);
    this.#chunks = new AsyncQueue(Math.max(1, Math.min(MAX_WAITING_CHUNKS, Math.floor(MAX_WAITING_S / streamEvery))));
  }

  override copy(): StreamEvery<Inputs> {
    return new StreamEvery(this.#fn, this.#options);
  }

  override receive(frame: AudioFrame): void {
    const { dropped } = this.#chunks;
    this.#samples.append(toInt16(frame.samples));
    while (this.#samples.length >= this.#chunkLength) {
      const samples = this.#samples.view.slice(0, this.#chunkLength);
      this.#samples.keepLast(this.#samples.length - this.#chunkLength);
      this.#chunks.push({ sampleRate: frame.sampleRate, samples, channels: frame.channels ?? 1 });
    }
    if (this.#chunks.dropped > dropped) this.#fallBehind();
  }

  override async emit(): Promise<Emission> {
    for (;;) {
      const reply = this.#reply ?? (await this.#next());
      if (reply === undefined) return undefined;
      try {
        const step = await reply.next();
        if (!step.done) {
          readEmission(step.value);
          return step.value;
        }
      } catch (error) {
        reportFailure(this.context, error, "the function failed for a chunk; it goes on with the next");
        // One that hangs or yields garbage still runs.
        reply.abort();
      }
      this.#reply = undefined;
    }
  }

  override shutdown(): void {
    this.#chunks.close();
    this.#reply?.abort();
  }

  async #next(): Promise<Reply | undefined> {
    if (this.#chunks.size === 0) this.#pace = "keeping_up";
    const audio = await this.#chunks.next();
    if (audio === undefined) return undefined;
    const { context } = this;
    const { replyTimeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    const start = (signal: AbortSignal): ReplyResult =>
      this.#fn(Object.assign(runOf<Inputs>(context, signal), { audio }));
    this.#reply = new Reply(start, { clock: context.clock, timeoutMs: replyTimeoutMs });
    return this.#reply;
  }

  /** The client is told once, until the function has caught up. */
  #fallBehind(): void {
    if (this.#pace === "behind") return;
    this.#pace = "behind";
    const error = new EdgeRtcError("chunks_dropped");
    this.context.logError(error, "streamEvery: the function is slower than its chunks come");
    this.context.warn(error.message);
  }
}
