/** Runs the video half of one session's handler: hands it frames, paces what it sends, keeps its failures to themselves. */
import type { Mode } from "../../shared/descriptor.ts";
import { EdgeRtcError } from "../../shared/errors.ts";
import { RateBucket } from "../../shared/rate-bucket.ts";
import type { HandlerContext } from "../handlers/context.ts";
import { inContext } from "../handlers/current-context.ts";
import { type AdditionalOutputs, CloseStream } from "../handlers/emission.ts";
import { reportFailure, runOf } from "../handlers/run.ts";
import { AudioVideoStreamHandler } from "./audio-video-stream-handler.ts";
import { type EmittedVideo, readVideoEmission } from "./emission.ts";
import type { VideoFrame } from "./frame.ts";
import type { VideoSettings, VideoStreamHandler } from "./video-stream-handler.ts";

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
  /** What lets a generator that failed start again. */
  #restart = Promise.withResolvers<void>();
  /** Of the frame that is being worked on. */
  #frame: AbortController | undefined;
  /** `waiting`: for the client's first inputs. */
  #state: "new" | "waiting" | "running" | "stopped" = "new";

  constructor(options: VideoRunnerOptions) {
    this.#options = options;
    this.#settings = options.handler.videoSettings;
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "waiting";
    this.#begin().catch((error: unknown) => this.#report(error, "the video handler's loop ended"));
  }

  /** The client has sent inputs, or wants to be answered. */
  inputsChanged(): void {
    this.#restart.resolve();
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
    return handler.callWith(frame, runOf(this.#options.context, signal));
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
    const { handler, mode } = this.#options;
    await this.#firstInputs();
    if (this.#state !== "waiting") return;
    this.#state = "running";
    if (handler instanceof AudioVideoStreamHandler) {
      await this.#sendLoop(() => this.#videoEmit(handler));
    } else if (mode === "receive") {
      await this.#generate(handler);
    }
  }

  /** FastRTC's clients are waited for; ours has shown its inputs beside the button that was pressed. */
  async #firstInputs(): Promise<void> {
    const { mode, context } = this.#options;
    const { autostart, passThroughUntilInput } = this.#settings;
    const wait = { signal: this.#stop.signal, timeoutMs: null, keep: true };
    if (mode === "receive") {
      if (!autostart) await Promise.race([context.requestInputs({ ...wait, ask: false }), this.#restart.promise]);
    } else if (context.declaresInputs && passThroughUntilInput && !context.inputsArrived) {
      // FastRTC does not ask; a page that answers is served its own values from the first frame on.
      await context.requestInputs(wait);
    }
  }

  /** One that throws is asked again when the next frame is due. */
  async #videoEmit(handler: AudioVideoStreamHandler): Promise<IteratorResult<unknown>> {
    try {
      return { done: false, value: await handler.videoEmit() };
    } catch (error) {
      this.#report(error, "videoEmit failed");
      return { done: false, value: undefined };
    }
  }

  /** Runs the generator to its end, and the call with it. One that fails starts again with the next inputs. */
  async #generate(handler: VideoStreamHandler): Promise<void> {
    const { context, onClose } = this.#options;
    while (this.#state === "running") {
      this.#restart = Promise.withResolvers();
      try {
        const iterator = iterate(inContext(context, () => handler.generateWith(runOf(context, this.#stop.signal))));
        await this.#sendLoop(async () => await iterator.next());
        await iterator.return?.();
        if (!this.#stop.signal.aborted) onClose(new CloseStream());
        return;
      } catch (error) {
        this.#report(error, "the function failed; it starts again with the next inputs");
        await this.#unlessStopped(this.#restart.promise);
      }
    }
  }

  /** Sends what `next` gives, each picture when it is due, until it is done. @throws what `next` does. */
  async #sendLoop(next: () => Promise<IteratorResult<unknown>>): Promise<void> {
    const { context, onPicture } = this.#options;
    const periodMs = 1_000 / this.#settings.fps;
    let dueMs = context.clock.nowMs();
    while (this.#state === "running") {
      const step = await this.#unlessStopped(inContext(context, next));
      if (step === undefined || step.done === true) return;
      const picture = this.#pass(readVideoEmission(step.value));
      const nowMs = context.clock.nowMs();
      // One that is late by more than a frame begins a new beat: what was missed is not sent in a burst.
      if (nowMs - dueMs > periodMs) dueMs = nowMs;
      await this.#sleep(dueMs - nowMs);
      if (this.#stop.signal.aborted) return;
      if (picture !== undefined) onPicture(picture, Math.round(context.clock.nowMs() * 1_000));
      dueMs += periodMs;
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

  /** Settles as `work` does, or with undefined when the runner stops. */
  #unlessStopped<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => resolve(undefined);
      this.#waits.add(giveUp);
      if (this.#stop.signal.aborted) giveUp();
      work.then(resolve, reject).finally(() => this.#waits.delete(giveUp));
    });
  }

  /** Even where there is no time to be waited for: a generator that never waits must let others run. */
  async #sleep(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.context.clock.after(Math.max(0, delayMs), resolve);
    await this.#unlessStopped(promise);
    timer.cancel();
  }

  #report(error: unknown, what: string): void {
    const { context } = this.#options;
    if (!this.#failures.take(context.clock.nowMs())) return;
    reportFailure(context, error, what);
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
