/** Runs the video half of one session's handler: hands it frames, paces what it sends, keeps its failures to themselves. */
import { setImmediate } from "node:timers/promises";
import type { Mode } from "../../shared/descriptor.ts";
import { EdgeRtcError } from "../../shared/errors.ts";
import { RateBucket } from "../../shared/rate-bucket.ts";
import type { HandlerContext } from "../handlers/context.ts";
import { inContext } from "../handlers/current-context.ts";
import type { AdditionalOutputs, CloseStream } from "../handlers/emission.ts";
import type { Timer } from "../time/clock.ts";
import { AudioVideoStreamHandler } from "./audio-video-stream-handler.ts";
import { type EmittedVideo, readVideoEmission } from "./emission.ts";
import type { VideoFrame } from "./frame.ts";
import type { VideoContext, VideoSettings, VideoStreamHandler } from "./video-stream-handler.ts";

/** Failures that are told, a second and at once: a function that fails on every frame floods neither log nor client. */
const FAILURES_PER_SECOND = 0.2;
const FAILURE_BURST = 3;

export interface VideoRunnerOptions {
  readonly handler: VideoStreamHandler | AudioVideoStreamHandler;
  readonly mode: Mode;
  readonly context: HandlerContext;
  /** A picture that answers no frame: of a generator, or of `videoEmit`. */
  readonly onPicture: (picture: VideoFrame, timestampUs: number) => void;
  readonly onOutputs: (outputs: AdditionalOutputs) => void;
  readonly onClose: (close: CloseStream) => void;
}

export class VideoRunner {
  readonly #options: VideoRunnerOptions;
  readonly #settings: VideoSettings;
  readonly #failures = new RateBucket(FAILURES_PER_SECOND, FAILURE_BURST);
  readonly #stop = new AbortController();
  /** What gives up the waits that are going on. */
  readonly #waits = new Set<() => void>();
  /** Of the frame that is being worked on. */
  #frame: AbortController | undefined;
  /** `waiting`: for the client's first inputs. */
  #state: "new" | "waiting" | "running" | "stopped" = "new";

  constructor(options: VideoRunnerOptions) {
    this.#options = options;
    const { handler } = options;
    this.#settings = handler instanceof AudioVideoStreamHandler ? handler.videoSettings : handler.settings;
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "waiting";
    this.#begin().catch((error: unknown) => this.#report(error, "the video handler's loop ended"));
  }

  stop(): void {
    this.#state = "stopped";
    this.#stop.abort();
    this.#frame?.abort();
    for (const giveUp of this.#waits) giveUp();
  }

  /**
   * Works on one frame of the client's. Never rejects.
   * @returns what to send for it; undefined where that is nothing.
   */
  async take(frame: VideoFrame): Promise<VideoFrame | undefined> {
    if (this.#state === "waiting") return this.#options.mode === "send" ? undefined : frame;
    if (this.#state !== "running" || this.#options.mode === "receive") return undefined;
    const current = new AbortController();
    this.#frame = current;
    try {
      const emission = await this.#withinTime(
        inContext(this.#options.context, () => this.#call(frame, current.signal)),
      );
      if (this.#stop.signal.aborted) return undefined;
      const picture = this.#pass(readVideoEmission(emission));
      return this.#options.mode === "send" ? undefined : picture;
    } catch (error) {
      current.abort();
      this.#report(error, "the video function failed");
      return undefined;
    }
  }

  #call(frame: VideoFrame, signal: AbortSignal): unknown {
    const { handler } = this.#options;
    if (handler instanceof AudioVideoStreamHandler) return handler.videoReceive(frame);
    return handler.callWith(frame, this.#context(signal));
  }

  /** @throws EdgeRtcError `handler_timeout` */
  #withinTime(work: unknown): unknown {
    if (!(work instanceof Promise)) return work;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#options.context.clock.after(this.#settings.frameTimeoutMs, () => {
      reject(new EdgeRtcError("handler_timeout", "The video function took too long with a frame."));
    });
    return this.#unlessStopped(Promise.race([work, late])).finally(() => timer.cancel());
  }

  async #begin(): Promise<void> {
    const { handler, mode, context } = this.#options;
    if (context.declaresInputs && this.#settings.passThroughUntilInput && !context.inputsArrived) {
      // FastRTC does not ask; a page that answers is served its own values from the first frame on.
      await context.requestInputs({ signal: this.#stop.signal, timeoutMs: null, keep: true });
    }
    if (this.#state !== "waiting") return;
    this.#state = "running";
    if (handler instanceof AudioVideoStreamHandler) {
      await this.#sendLoop(async () => ({ done: false, value: await handler.videoEmit() }));
    } else if (mode === "receive") {
      await this.#generate(handler);
    }
  }

  async #generate(handler: VideoStreamHandler): Promise<void> {
    let iterator: AsyncIterator<unknown> | Iterator<unknown>;
    try {
      iterator = iterate(
        inContext(this.#options.context, () => handler.generateWith(this.#context(this.#stop.signal))),
      );
    } catch (error) {
      return this.#report(error, "the video generator failed");
    }
    await this.#sendLoop(async () => await iterator.next());
    const returned = iterator.return?.();
    if (returned instanceof Promise)
      returned.catch((error: unknown) => this.#report(error, "the generator's end failed"));
  }

  /** Sends what `next` gives, each picture when it is due, until it is done. */
  async #sendLoop(next: () => Promise<IteratorResult<unknown>>): Promise<void> {
    const { context, onPicture } = this.#options;
    const periodMs = 1_000 / this.#settings.fps;
    let dueMs = context.clock.nowMs();
    while (this.#state === "running") {
      try {
        const step = await this.#unlessStopped(inContext(context, next));
        if (step === undefined || step.done === true) return;
        const picture = this.#pass(readVideoEmission(step.value));
        const nowMs = context.clock.nowMs();
        // One that is late by more than a frame begins a new beat: what was missed is not sent in a burst.
        dueMs = picture !== undefined && nowMs - dueMs > periodMs ? nowMs : dueMs;
        await this.#sleep(dueMs - nowMs);
        if (this.#stop.signal.aborted) return;
        if (picture !== undefined) onPicture(picture, Math.round(context.clock.nowMs() * 1_000));
        dueMs += periodMs;
      } catch (error) {
        this.#report(error, "sending video failed");
        await this.#sleep(periodMs);
      }
    }
  }

  /** Hands on what comes beside a picture. @returns the picture. */
  #pass({ picture, extras }: EmittedVideo): VideoFrame | undefined {
    const { context, onOutputs, onClose } = this.#options;
    if (extras.outputs !== undefined) onOutputs(extras.outputs);
    if (extras.warning !== undefined) context.warn(extras.warning.message);
    if (extras.close !== undefined) onClose(extras.close);
    return picture;
  }

  #context(signal: AbortSignal): VideoContext {
    const { context } = this.#options;
    const { sid, clientId, stream } = context;
    return { inputs: context.inputs, signal, state: context.state, session: { sid, clientId, stream } };
  }

  /** Settles as `work` does, or with undefined when the runner stops. */
  #unlessStopped<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => resolve(undefined);
      this.#waits.add(giveUp);
      if (this.#stop.signal.aborted) giveUp();
      work.then(resolve, reject).finally(() => this.#waits.delete(giveUp));
    });
  }

  async #sleep(delayMs: number): Promise<void> {
    // Even where nothing is to be waited for: a generator that never waits must let others run.
    if (delayMs < 1) return void (await setImmediate());
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer: Timer = this.#options.context.clock.after(delayMs, resolve);
    await this.#unlessStopped(promise);
    timer.cancel();
  }

  #report(error: unknown, what: string): void {
    const { context } = this.#options;
    if (!this.#failures.take(context.clock.nowMs())) return;
    const text = error instanceof Error ? error.message : String(error);
    context.logError(error, what);
    context.send({ type: "error", message: text, data: text });
  }
}

function iterate(result: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  if (isAsyncIterable(result)) return result[Symbol.asyncIterator]();
  if (isIterable(result)) return result[Symbol.iterator]();
  throw new TypeError('Mode "receive" takes a generator: function* or async function*.');
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value && !ArrayBuffer.isView(value);
}
