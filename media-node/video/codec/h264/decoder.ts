/** Decodes H.264, baseline, with the system's OpenH264, in the calling thread. */
import { EdgeRtcError } from "../../../../shared/errors.ts";
import { half, i420Bytes } from "../../convert.ts";
import type { EncodedFrame, I420Frame, VideoDecoder } from "../../types.ts";
import { MAX_PICTURE_PIXELS } from "../limits.ts";
import { codedSize, NAL, nalType, nalUnits } from "./nal-units.ts";
import { loadOpenH264, type NativeCodec, type OpenH264 } from "./open-h264.ts";

/** Places in the decoder's table of methods (`codec_api.h`). */
const INITIALIZE = 0;
const UNINITIALIZE = 1;
const DECODE_AT_ONCE = 3;
const SET_OPTION = 8;

const TRACE_LEVEL = 9;

/** SDecodingParam: pictures with errors are not mended, and there is one layer. All of it is zero but its inner size. */
const PARAMETERS = { bytes: 32, propertySize: 24 } as const;
/** SBufferInfo: whether there is a picture, its size, and where its planes are. */
const PICTURE = { bytes: 72, ready: 0, width: 24, height: 28, lumaStride: 36, chromaStride: 40, planes: 48 } as const;

/** @param library default: the system's. */
export async function createH264Decoder(onKeyFrameNeeded: () => void, library?: OpenH264): Promise<VideoDecoder> {
  return new H264Decoder(library ?? (await loadOpenH264()), onKeyFrameNeeded);
}

class H264Decoder implements VideoDecoder {
  readonly #library: OpenH264;
  readonly #onKeyFrameNeeded: () => void;
  readonly #planes = Buffer.alloc(24);
  readonly #picture = Buffer.alloc(PICTURE.bytes);
  /** Undefined until a key frame comes: at first, and after a frame that could not be decoded. */
  #codec: NativeCodec | undefined;
  #closed = false;

  constructor(library: OpenH264, onKeyFrameNeeded: () => void) {
    this.#library = library;
    this.#onKeyFrameNeeded = onKeyFrameNeeded;
  }

  async decode(frame: EncodedFrame): Promise<I420Frame | undefined> {
    if (this.#closed || frame.data.length === 0) return undefined;
    const sequences = nalUnits(frame.data).filter((unit) => nalType(unit) === NAL.sps);
    if (sequences.length > 0 && this.#sizesAreKnown(sequences)) this.#codec ??= this.#open();
    const picture = this.#codec === undefined ? "damaged" : this.#decodeWith(this.#codec, frame);
    if (picture !== "damaged") return picture;
    // Whatever the frame did to it stays in this one.
    this.#end();
    this.#onKeyFrameNeeded();
    return undefined;
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #open(): NativeCodec {
    const codec = this.#library.create("decoder");
    codec.call(SET_OPTION, "option", TRACE_LEVEL, Buffer.alloc(4));
    const parameters = Buffer.alloc(PARAMETERS.bytes);
    parameters.writeUInt32LE(8, PARAMETERS.propertySize);
    const error = codec.call(INITIALIZE, "pointer", parameters);
    if (error === 0) return codec;
    codec.free();
    throw new EdgeRtcError("video_codec_failed", `The H.264 decoder did not open (${error}).`);
  }

  #end(): void {
    this.#codec?.call(UNINITIALIZE, "none");
    this.#codec?.free();
    this.#codec = undefined;
  }

  /** Before OpenH264 takes the memory for them. @returns false where they cannot be read. */
  #sizesAreKnown(sequences: readonly Uint8Array[]): boolean {
    for (const sequence of sequences) {
      const size = codedSize(sequence);
      if (size === undefined) {
        this.#end();
        return false;
      }
      if (size.width * size.height <= MAX_PICTURE_PIXELS) continue;
      this.#end();
      throw new EdgeRtcError("video_too_large", `The client sends pictures of ${size.width}×${size.height}.`);
    }
    return true;
  }

  #decodeWith(codec: NativeCodec, { data, timestampUs }: EncodedFrame): I420Frame | "damaged" | undefined {
    const picture = this.#picture.fill(0);
    this.#planes.fill(0);
    const state = codec.call(DECODE_AT_ONCE, "decode", data, data.length, this.#planes, picture);
    if (state !== 0) return "damaged";
    if (picture.readInt32LE(PICTURE.ready) !== 1) return undefined;
    const width = picture.readInt32LE(PICTURE.width);
    const height = picture.readInt32LE(PICTURE.height);
    if (width <= 0 || height <= 0 || width * height > MAX_PICTURE_PIXELS) return "damaged";
    const target = new Uint8Array(i420Bytes(width, height));
    const luma = width * height;
    const chroma = half(width) * half(height);
    this.#copyPlane(0, width, height, target.subarray(0, luma));
    this.#copyPlane(1, half(width), half(height), target.subarray(luma, luma + chroma));
    this.#copyPlane(2, half(width), half(height), target.subarray(luma + chroma));
    return { data: target, width, height, format: "i420", timestampUs };
  }

  #copyPlane(plane: 0 | 1 | 2, width: number, height: number, target: Uint8Array): void {
    const stride = this.#picture.readInt32LE(plane === 0 ? PICTURE.lumaStride : PICTURE.chromaStride);
    const at = this.#picture.readBigUInt64LE(PICTURE.planes + 8 * plane);
    const source = this.#library.bytes(at, stride * (height - 1) + width);
    for (let row = 0; row < height; row++) {
      target.set(source.subarray(row * stride, row * stride + width), row * width);
    }
  }
}
