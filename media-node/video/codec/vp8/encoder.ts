/** Encodes VP8 with libvpx, in the calling thread: two to four milliseconds for a picture of 640×480. */
import { EdgeRtcError } from "../../../../shared/errors.ts";
import { i420Bytes } from "../../convert.ts";
import type { EncodedFrame, I420Frame, VideoEncoder, VideoEncoderOptions } from "../../types.ts";
import { MAX_PICTURE_PIXELS } from "../limits.ts";
import { Vp8Instance } from "./instance.ts";

/**
 * libvpx's `cpu-used`: 0 is best, -16 fastest; below zero it is fixed, above it follows the machine's load. At -8 a moving
 * face costs 3.3 ms and 42.3 dB at 800 kbit/s, at -16 2.8 ms and 41.4 dB, with half more bits where everything moves.
 */
const SPEED = -8;
const DEFAULT_FRAMES_PER_SECOND = 30;
const CLOCK_PER_US = 0.09;
/** What counts as between two frames for the rate, in microseconds: a pause is not saved up for. */
const MAX_FRAME_DURATION_US = 250_000;
/** libvpx refuses a frame that takes none. */
const MIN_FRAME_DURATION_US = 1_000;
const MIN_BITS_PER_SECOND = 30_000;
const MAX_BITS_PER_SECOND = 20_000_000;

interface Open {
  readonly instance: Vp8Instance;
  readonly width: number;
  readonly height: number;
}

export async function createVp8Encoder(options: VideoEncoderOptions): Promise<VideoEncoder> {
  return new Vp8Encoder(await Vp8Instance.load(), options);
}

class Vp8Encoder implements VideoEncoder {
  readonly #instantiate: () => Vp8Instance;
  readonly #frameUs: number;
  #kilobits: number;
  #open: Open | undefined;
  #keyFrame = false;
  #lastUs: number | undefined;
  /** What libvpx is told of time: it never goes back, whatever the pictures' does. */
  #passedUs = 0;
  #closed = false;

  constructor(instantiate: () => Vp8Instance, options: VideoEncoderOptions) {
    this.#instantiate = instantiate;
    this.#frameUs = 1_000_000 / (options.framesPerSecond ?? DEFAULT_FRAMES_PER_SECOND);
    this.#kilobits = toKilobits(options.bitsPerSecond);
  }

  async encode(frame: I420Frame): Promise<EncodedFrame | undefined> {
    if (this.#closed) return undefined;
    const { width, height } = frame;
    if (frame.data.length !== i420Bytes(width, height)) {
      throw new RangeError(`A picture of ${width}×${height} in I420 has ${i420Bytes(width, height)} bytes.`);
    }
    if (width * height > MAX_PICTURE_PIXELS) {
      throw new EdgeRtcError("video_too_large", `The handler sends pictures of ${width}×${height}.`);
    }
    if (this.#open?.width !== width || this.#open.height !== height) this.#open = this.#start(width, height);
    try {
      return this.#encodeWith(this.#open.instance, frame);
    } catch (cause) {
      // The next frame gets a new instance, and so is a key frame.
      this.#open = undefined;
      throw new EdgeRtcError("video_codec_failed", "The VP8 encoder failed.", { cause });
    }
  }

  requestKeyFrame(): void {
    this.#keyFrame = true;
  }

  setBitrate(bitsPerSecond: number): void {
    const kilobits = toKilobits(bitsPerSecond);
    if (kilobits === this.#kilobits) return;
    this.#kilobits = kilobits;
    this.#open?.instance.call("set_bitrate", kilobits);
  }

  close(): void {
    this.#closed = true;
    this.#open = undefined;
  }

  #start(width: number, height: number): Open {
    const instance = this.#instantiate();
    const error = instance.call("encoder_open", width, height, this.#kilobits, SPEED);
    if (error !== 0) throw new EdgeRtcError("video_codec_failed", `The VP8 encoder did not open (${error}).`);
    return { instance, width, height };
  }

  #encodeWith(instance: Vp8Instance, { data, timestampUs }: I420Frame): EncodedFrame | undefined {
    // libvpx wants time to pass, and spreads its bits over it; a handler may well send two pictures of one moment.
    const sinceUs = this.#lastUs === undefined ? this.#frameUs : timestampUs - this.#lastUs;
    const betweenUs = sinceUs <= 0 ? this.#frameUs : sinceUs;
    const durationUs = Math.min(Math.max(betweenUs, MIN_FRAME_DURATION_US), MAX_FRAME_DURATION_US);
    this.#lastUs = timestampUs;
    this.#passedUs += durationUs;
    instance.reserve(data.length).set(data);
    const keyFrame = this.#keyFrame ? 1 : 0;
    const size = instance.call(
      "encode",
      keyFrame,
      Math.round(this.#passedUs * CLOCK_PER_US),
      Math.round(durationUs * CLOCK_PER_US),
    );
    if (size < 0) throw new Error("libvpx refused the picture.");
    if (size === 0) return undefined;
    this.#keyFrame = false;
    return {
      codec: "vp8",
      data: instance.bytes(instance.call("packet_at"), size).slice(),
      keyFrame: instance.call("packet_key") === 1,
      timestampUs,
    };
  }
}

function toKilobits(bitsPerSecond: number): number {
  return Math.round(Math.min(Math.max(bitsPerSecond, MIN_BITS_PER_SECOND), MAX_BITS_PER_SECOND) / 1_000);
}
