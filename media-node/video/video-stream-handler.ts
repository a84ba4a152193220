/** Video code around a function: pictures in, pictures out. FastRTC's `VideoStreamHandler`. */
import type { InputValues } from "../../shared/inputs.ts";
import type { Emission } from "../handlers/emission.ts";
import type { Run } from "../handlers/run.ts";
import { StreamHandler } from "../handlers/stream-handler.ts";
import type { VideoEmission } from "./emission.ts";
import type { VideoFormat, VideoFrame } from "./frame.ts";

/** What video code is given beside the frame; `signal` is aborted when the session ends or this frame has taken too long. */
export type VideoContext<Inputs extends InputValues = InputValues> = Run<Inputs>;

/** Modes `send-receive` and `send`: called with each frame of the client's. */
export type VideoFunction<Inputs extends InputValues = InputValues> = (
  frame: VideoFrame,
  context: VideoContext<Inputs>,
) => VideoEmission | Promise<VideoEmission>;

/** Mode `receive`: its frames are sent, `fps` a second. */
export type VideoGenerator<Inputs extends InputValues = InputValues> = (
  context: VideoContext<Inputs>,
) => AsyncIterable<VideoEmission> | Iterable<VideoEmission>;

export interface VideoOptions {
  /** Frames a second that `receive` streams and `videoEmit` send at most. Default 30. */
  readonly fps?: number;
  /**
   * Default true: a function slower than the camera gets the newest frame, and those in between are dropped. False: up to
   * 15 frames wait their turn.
   */
  readonly skipFrames?: boolean;
  /** Seconds from one frame to the next that is worked on. Default 0: as the camera sends them. */
  readonly streamEvery?: number;
  /** Of the frames given to your code. Default `rgb`; `i420` is the codec's own, and costs nothing. */
  readonly format?: VideoFormat;
  /** Longest that the work on one frame may take; then it is given up, and the call goes on. Default 5,000. */
  readonly frameTimeoutMs?: number;
  /**
   * Frames go back as they came until the client has sent its inputs, as in FastRTC. Default true, on streams that declare
   * inputs; a client that says it is EdgeRTC's is not waited for. False: the inputs have their defaults until then.
   */
  readonly passThroughUntilInput?: boolean;
  /** Mode `receive`: starts when the client has connected. Default false: with its first inputs, as in FastRTC. */
  readonly autostart?: boolean;
}

/** Frames that wait for a function that is to get them all. */
const PATIENT_ROOM = 15;

/** {@link VideoOptions}, complete and checked. */
export interface VideoSettings {
  readonly fps: number;
  readonly room: number;
  readonly everyMs: number;
  readonly format: VideoFormat;
  readonly frameTimeoutMs: number;
  readonly passThroughUntilInput: boolean;
  readonly autostart: boolean;
}

/** @throws RangeError for options that make no sense, saying which. */
export function readVideoOptions(options: VideoOptions = {}): VideoSettings {
  const { fps = 30, skipFrames = true, streamEvery = 0, format = "rgb", frameTimeoutMs = 5_000 } = options;
  if (!(fps > 0 && fps <= 120)) throw new RangeError(`fps must be above 0 and at most 120, not ${fps}.`);
  if (!(streamEvery >= 0 && streamEvery <= 3_600)) {
    throw new RangeError(`streamEvery must be 0 to 3600 seconds, not ${streamEvery}.`);
  }
  if (!(frameTimeoutMs >= 100 && frameTimeoutMs <= 3_600_000)) {
    throw new RangeError(`frameTimeoutMs must be 100 to 3600000, not ${frameTimeoutMs}.`);
  }
  return {
    fps,
    room: skipFrames ? 1 : PATIENT_ROOM,
    everyMs: streamEvery * 1_000,
    format,
    frameTimeoutMs,
    passThroughUntilInput: options.passThroughUntilInput ?? true,
    autostart: options.autostart ?? false,
  };
}

/**
 * A function of frames with options. A `Stream` takes the bare function as well.
 *
 * @example
 * new Stream(new VideoStreamHandler((frame) => frame.flipY(), { streamEvery: 0.5 }), { modality: "video" });
 */
export class VideoStreamHandler<Inputs extends InputValues = InputValues> extends StreamHandler {
  readonly #fn: VideoFunction<Inputs> | VideoGenerator<Inputs>;
  readonly #options: VideoOptions;
  readonly videoSettings: VideoSettings;

  /** @throws TypeError, RangeError for options that make no sense, saying which. */
  constructor(fn: VideoFunction<Inputs>, options?: VideoOptions);
  /** Mode `receive`. */
  constructor(fn: VideoGenerator<Inputs>, options?: VideoOptions);
  constructor(fn: VideoFunction<Inputs> | VideoGenerator<Inputs>, options?: VideoOptions);
  constructor(fn: VideoFunction<Inputs> | VideoGenerator<Inputs>, options: VideoOptions = {}) {
    super();
    if (typeof fn !== "function") throw new TypeError("A VideoStreamHandler takes a function.");
    this.#fn = fn;
    this.#options = options;
    this.videoSettings = readVideoOptions(options);
  }

  override copy(): VideoStreamHandler<Inputs> {
    return new VideoStreamHandler(this.#fn, this.#options);
  }

  /** Calls the function with a frame. @returns whatever it does. */
  callWith(frame: VideoFrame, context: VideoContext): unknown {
    return Reflect.apply(this.#fn, undefined, [frame, context]);
  }

  /** Calls the generator function of mode `receive`. @returns whatever it does. */
  generateWith(context: VideoContext): unknown {
    return Reflect.apply(this.#fn, undefined, [context]);
  }

  override receive(): void {
    // There is no audio.
  }

  override emit(): Promise<Emission> {
    return new Promise((resolve) => {
      this.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
  }
}
