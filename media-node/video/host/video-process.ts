/**
 * A session's video process: decodes what the client sends, hands the handler's thread the newest picture, encodes what it
 * gives. A handler that hangs or crashes costs its thread, which is started anew; the codecs go on. Knows no IPC.
 */
import { EdgeRtcError, type ErrorCode } from "../../../shared/errors.ts";
import { RateBucket } from "../../../shared/rate-bucket.ts";
import type { Clock, Timer } from "../../time/clock.ts";
import { DEFAULT_MAX_VIDEO_BITS_PER_SECOND } from "../bit-rates.ts";
import { FrameGate } from "../frame-gate.ts";
import type {
  EncodedFrame,
  VideoCodec,
  VideoDecoder,
  VideoDecoderOptions,
  VideoEncoder,
  VideoEncoderOptions,
} from "../types.ts";
import {
  type FromThread,
  type FromVideoProcess,
  isForHandler,
  type Picture,
  type ToThread,
  type ToVideoProcess,
} from "./messages.ts";

/** How often the thread is asked whether it runs. */
const PING_MS = 500;
/** A thread that is to start or to load its stream file may take longer than one that works on a frame. */
const LOAD_TIMEOUT_MS = 60_000;
/** Until the handler says its own. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** Before a thread that was lost is started anew: doubled each time, and from the first again once it has run for a while. */
const RESTART_MS = 50;
const MAX_RESTART_MS = 5_000;
const HEALTHY_MS = 30_000;
/** A picture that the codec does not take: the codec is as good as before. */
const PICTURE_ERRORS: readonly ErrorCode[] = ["video_too_large", "video_too_small"];

export interface HandlerThread {
  post(message: ToThread, moved?: ArrayBuffer[]): void;
  /** Ends it, whatever it is doing. */
  terminate(): void;
}

export interface ThreadEvents {
  message(message: FromThread): void;
  /** Once, unless it was terminated. */
  exited(cause: string): void;
}

export interface VideoProcessOptions {
  readonly createDecoder: (options: VideoDecoderOptions) => Promise<VideoDecoder>;
  readonly createEncoder: (options: VideoEncoderOptions) => Promise<VideoEncoder>;
  readonly startThread: (events: ThreadEvents) => HandlerThread;
  readonly clock: Clock;
  readonly tell: (message: FromVideoProcess) => void;
  /** The handler has shut down: there is nothing left to do. */
  readonly onStopped: () => void;
}

/**
 * - `loading`: the thread loads the stream file. `idle`: it waits for a session. `starting`: it has been given one.
 * - `working`: the handler runs. `waiting`: between two threads. `stopping`: the session is over. `stopped`: final.
 */
type ThreadPhase = "loading" | "idle" | "starting" | "working" | "waiting" | "stopping" | "stopped";

type Start = Extract<ToVideoProcess, { kind: "start" }>;

export class VideoProcess {
  readonly #options: VideoProcessOptions;
  readonly #encoding = new FrameGate<Picture>();
  readonly #badPictures = new RateBucket(0.2, 1);
  #phase: ThreadPhase = "loading";
  #thread: HandlerThread | undefined;
  #start: Start | undefined;
  #gate = new FrameGate<Picture>();
  #timeoutMs = DEFAULT_TIMEOUT_MS;
  #heardAtMs = 0;
  #startedAtMs = 0;
  #restartMs = RESTART_MS;
  #watch: Timer | undefined;
  #codec: VideoCodec = "vp8";
  #bitsPerSecond = DEFAULT_MAX_VIDEO_BITS_PER_SECOND;
  #decoder: Promise<VideoDecoder> | undefined;
  #encoder: VideoEncoder | undefined;

  constructor(options: VideoProcessOptions) {
    this.#options = options;
    this.#startThread();
  }

  receive(message: ToVideoProcess): void {
    if (this.#phase === "stopped") return;
    if (isForHandler(message)) {
      this.#toHandler(message);
      return;
    }
    switch (message.kind) {
      case "codec":
        this.#codec = message.codec;
        break;
      case "video":
        this.#decode(message.frame).catch((error: unknown) => this.#codecFailed(error));
        break;
      case "key_frame":
        this.#encoder?.requestKeyFrame();
        break;
      case "bitrate":
        this.#bitsPerSecond = message.bitsPerSecond;
        this.#encoder?.setBitrate(message.bitsPerSecond);
        break;
    }
  }

  /** Ends everything at once. */
  close(): void {
    this.#phase = "stopped";
    this.#watch?.cancel();
    this.#thread?.terminate();
    // One that could not be made is not there to be closed.
    this.#decoder?.then((decoder) => decoder.close(), ignore);
    this.#encoder?.close();
  }

  // --- the handler's thread ----------------------------------------------------------------------------------------

  #toHandler(message: Exclude<ToThread, { kind: "frame" | "ping" }>): void {
    switch (message.kind) {
      case "start":
        this.#start = message;
        if (this.#phase === "idle") this.#begin();
        return;
      case "stop":
        this.#stop();
        return;
      case "inputs":
      case "requested_inputs":
        // A handler that is started anew finds what the last one had.
        if (this.#start !== undefined) {
          const arrived = message.kind === "inputs" || this.#start.facts.inputsArrived;
          this.#start = {
            ...this.#start,
            facts: { ...this.#start.facts, inputs: message.values, inputsArrived: arrived },
          };
        }
    }
    if (this.#phase === "working" || this.#phase === "starting") this.#thread?.post(message);
  }

  #begin(): void {
    if (this.#start === undefined) return;
    this.#phase = "starting";
    this.#thread?.post(this.#start);
  }

  #stop(): void {
    const running = this.#phase === "working" || this.#phase === "starting";
    this.#phase = "stopping";
    if (running) this.#thread?.post({ kind: "stop" });
    else this.#stopped();
  }

  #startThread(): void {
    const { clock, startThread } = this.#options;
    this.#phase = "loading";
    this.#heardAtMs = clock.nowMs();
    this.#startedAtMs = clock.nowMs();
    const thread = startThread({
      message: (message) => {
        if (this.#thread === thread) this.#onThread(message);
      },
      exited: () => {
        if (this.#thread === thread) this.#lost("handler_stopped");
      },
    });
    this.#thread = thread;
    this.#armWatch();
  }

  #onThread(message: FromThread): void {
    this.#heardAtMs = this.#options.clock.nowMs();
    switch (message.kind) {
      case "loaded":
        if (this.#phase !== "loading") return;
        this.#phase = "idle";
        this.#options.tell({ kind: "ready" });
        this.#begin();
        break;
      case "broken":
        this.#options.tell(message);
        break;
      case "started":
        if (this.#phase !== "starting") return;
        this.#phase = "working";
        this.#timeoutMs = message.frameTimeoutMs;
        this.#gate = new FrameGate(message);
        this.#options.tell({ kind: "working" });
        break;
      case "done":
        this.#work(this.#gate.done(this.#options.clock.nowMs()));
        if (message.picture !== undefined) this.#show(message.picture);
        break;
      case "picture":
        this.#show(message.picture);
        break;
      case "pong":
        break;
      case "stopped":
        this.#options.tell(message);
        this.#stopped();
        break;
      default:
        this.#options.tell(message);
    }
  }

  /** The thread is gone, or must go. */
  #lost(code: "handler_timeout" | "handler_stopped"): void {
    const { clock, tell } = this.#options;
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#watch?.cancel();
    if (this.#phase === "stopped") return;
    if (this.#phase === "stopping") {
      this.#stopped();
      return;
    }
    this.#phase = "waiting";
    tell({ kind: "handler_lost", code });
    if (clock.nowMs() - this.#startedAtMs > HEALTHY_MS) this.#restartMs = RESTART_MS;
    this.#watch = clock.after(this.#restartMs, () => this.#startThread());
    this.#restartMs = Math.min(MAX_RESTART_MS, this.#restartMs * 2);
  }

  #armWatch(): void {
    const { clock } = this.#options;
    const askedAtMs = clock.nowMs();
    this.#thread?.post({ kind: "ping" });
    this.#watch = clock.after(PING_MS, () => {
      // This process stood still itself: the thread's answers of that time are still to be read.
      if (clock.nowMs() - askedAtMs > 2 * PING_MS) this.#heardAtMs = clock.nowMs();
      if (clock.nowMs() - this.#heardAtMs > this.#patienceMs) this.#lost("handler_timeout");
      else this.#armWatch();
    });
  }

  /** How long the thread may say nothing. Its own limit is for what is asynchronous; past it by a step it is stuck. */
  get #patienceMs(): number {
    return this.#phase === "working" || this.#phase === "stopping" ? this.#timeoutMs + PING_MS : LOAD_TIMEOUT_MS;
  }

  #stopped(): void {
    this.close();
    this.#options.onStopped();
  }

  // --- pictures ----------------------------------------------------------------------------------------------------

  async #decode(frame: EncodedFrame): Promise<void> {
    this.#decoder ??= this.#options.createDecoder({
      codec: frame.codec,
      onKeyFrameNeeded: () => this.#options.tell({ kind: "key_frame_needed" }),
    });
    const picture = await (await this.#decoder).decode(frame);
    if (picture === undefined || this.#phase !== "working") return;
    const { data, width, height, timestampUs } = picture;
    const before = this.#gate.dropped;
    this.#work(this.#gate.arrived({ data, width, height, timestampUs }, this.#options.clock.nowMs()));
    if (this.#gate.dropped > before) this.#options.tell({ kind: "dropped" });
  }

  #work(picture: Picture | undefined): void {
    if (picture === undefined) return;
    const { buffer } = picture.data;
    const movable = buffer instanceof ArrayBuffer && buffer.byteLength === picture.data.byteLength;
    this.#thread?.post({ kind: "frame", picture }, movable ? [buffer] : []);
  }

  #show(picture: Picture): void {
    const next = this.#encoding.arrived(picture, this.#options.clock.nowMs());
    if (next !== undefined) this.#encodeAll(next).catch((error: unknown) => this.#codecFailed(error));
  }

  /** One picture at a time; of those that come meanwhile, the newest. */
  async #encodeAll(first: Picture): Promise<void> {
    const { clock, createEncoder, tell } = this.#options;
    for (let next: Picture | undefined = first; next !== undefined; next = this.#encoding.done(clock.nowMs())) {
      if (this.#phase === "stopped") return;
      this.#encoder ??= await createEncoder({ codec: this.#codec, bitsPerSecond: this.#bitsPerSecond });
      try {
        const frame = await this.#encoder.encode({ ...next, format: "i420" });
        if (frame !== undefined) tell({ kind: "video", frame });
      } catch (error) {
        this.#codecFailed(error);
      }
    }
  }

  /** A picture that the codec does not take costs itself. A codec that failed is not to be trusted: the process goes. */
  #codecFailed(error: unknown): void {
    if (this.#phase === "stopped" || this.#phase === "stopping") return;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof EdgeRtcError && PICTURE_ERRORS.includes(error.code)) {
      if (!this.#badPictures.take(this.#options.clock.nowMs())) return;
      this.#options.tell({ kind: "send", message: { type: "error", message, data: error.code } });
      return;
    }
    this.close();
    this.#options.tell({ kind: "failed", what: "the codec failed", message });
    this.#options.onStopped();
  }
}

function ignore(): void {
  // Nothing to do.
}
