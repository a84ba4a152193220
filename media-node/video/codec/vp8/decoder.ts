/** Decodes VP8 with libvpx, in the calling thread: about a millisecond for a picture of 640×480. */
import { EdgeRtcError } from "../../../../shared/errors.ts";
import { i420Bytes } from "../../convert.ts";
import type { EncodedFrame, I420Frame, VideoDecoder } from "../../types.ts";
import { MAX_PICTURE_PIXELS } from "../limits.ts";
import { isKeyFrame, keyFrameSize } from "./frame-header.ts";
import { Vp8Instance } from "./instance.ts";

export async function createVp8Decoder(onKeyFrameNeeded: () => void): Promise<VideoDecoder> {
  return new Vp8Decoder(await Vp8Instance.load(), onKeyFrameNeeded);
}

class Vp8Decoder implements VideoDecoder {
  readonly #instantiate: () => Vp8Instance;
  readonly #onKeyFrameNeeded: () => void;
  /** Undefined until a key frame comes: at first, and after a frame that could not be decoded. */
  #instance: Vp8Instance | undefined;
  #closed = false;

  constructor(instantiate: () => Vp8Instance, onKeyFrameNeeded: () => void) {
    this.#instantiate = instantiate;
    this.#onKeyFrameNeeded = onKeyFrameNeeded;
  }

  async decode(frame: EncodedFrame): Promise<I420Frame | undefined> {
    if (this.#closed || frame.data.length === 0) return undefined;
    if (isKeyFrame(frame.data)) {
      this.#checkSize(frame.data);
      this.#instance ??= this.#open();
    }
    if (this.#instance === undefined) {
      this.#onKeyFrameNeeded();
      return undefined;
    }
    try {
      return decodeWith(this.#instance, frame);
    } catch {
      // Whatever the frame did to it stays in this instance.
      this.#instance = undefined;
      this.#onKeyFrameNeeded();
      return undefined;
    }
  }

  close(): void {
    this.#closed = true;
    this.#instance = undefined;
  }

  #open(): Vp8Instance {
    const instance = this.#instantiate();
    const error = instance.call("decoder_open");
    if (error !== 0) throw new EdgeRtcError("video_codec_failed", `The VP8 decoder did not open (${error}).`);
    return instance;
  }

  /** Before libvpx takes the memory for it. */
  #checkSize(data: Uint8Array): void {
    const size = keyFrameSize(data);
    if (size === undefined || size.width * size.height <= MAX_PICTURE_PIXELS) return;
    this.#instance = undefined;
    throw new EdgeRtcError("video_too_large", `The client sends pictures of ${size.width}×${size.height}.`);
  }
}

/** @throws where the frame is damaged. */
function decodeWith(instance: Vp8Instance, { data, timestampUs }: EncodedFrame): I420Frame | undefined {
  instance.reserve(data.length).set(data);
  const result = instance.call("decode", data.length);
  if (result < 0) throw new Error("The frame is damaged.");
  if (result === 0) return undefined;
  const width = instance.call("picture_width");
  const height = instance.call("picture_height");
  const at = instance.call("take_picture");
  if (at === 0) throw new Error("There is no memory left.");
  return {
    data: instance.bytes(at, i420Bytes(width, height)).slice(),
    width,
    height,
    format: "i420",
    timestampUs,
  };
}
