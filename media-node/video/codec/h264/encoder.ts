/** Encodes H.264, constrained baseline, with the system's OpenH264, in the calling thread. */
import { EdgeRtcError } from "../../../../shared/errors.ts";
import { half, i420Bytes } from "../../convert.ts";
import type { EncodedFrame, I420Frame, VideoEncoder, VideoEncoderOptions } from "../../types.ts";
import { MAX_PICTURE_PIXELS } from "../limits.ts";
import { loadOpenH264, type NativeCodec, type OpenH264 } from "./open-h264.ts";
import { averageInterval } from "./pace.ts";

/** Places in the encoder's table of methods (`codec_api.h`). */
const INITIALIZE = 1;
const DEFAULT_PARAMETERS = 2;
const UNINITIALIZE = 3;
const ENCODE = 4;
const FORCE_INTRA_FRAME = 6;
const SET_OPTION = 7;

const OPTION = { frameRate: 4, bitrate: 5, traceLevel: 25 } as const;
/** What a bit rate is for. */
const ALL_LAYERS = 4;

/** Offsets in SEncParamExt of a 64-bit machine (`codec_app_def.h`), the first layer's included; the same from 2.3 to 2.6. */
const PARAMETERS = {
  bytes: 1_024,
  usage: 0,
  width: 4,
  height: 8,
  bitrate: 12,
  rateControl: 16,
  frameRate: 20,
  layers: 28,
  layerWidth: 32,
  layerHeight: 36,
  layerFrameRate: 40,
  layerBitrate: 44,
  layerProfile: 52,
  /** Eight bytes: whether there is a description of colour, and it. */
  layerColour: 216,
  complexity: 832,
  parameterSetIds: 844,
  frameSkip: 860,
  threads: 892,
  sceneChange: 912,
} as const;
const CAMERA = 0;
const BY_BITRATE = 1;
const LOW_COMPLEXITY = 0;
const BASELINE = 66;
const CONSTANT_ID = 0;
/** No special format (5), limited range; primaries, transfer and matrix of BT.601 (SMPTE 170M, 6): what frames here are in. */
const BT_601 = [1, 5, 0, 1, 6, 6, 6] as const;

/** SSourcePicture; 2.6 has three more bytes at its end. */
const PICTURE = { bytes: 80, format: 0, strides: 4, planes: 24, width: 56, height: 60, timeMs: 64 } as const;
const I420 = 23;

/** SFrameBSInfo: a number of layers, each a number of units, and how long they are. A layer grew in 2.6. */
const STREAM = { layers: 128, layerCount: 0, first: 8, unitCount: 16, unitLengths: 24, at: 32 } as const;
const LAYER_BYTES = 40;
const LAYER_BYTES_SINCE_2_6 = 56;
const IDR = 1;
const SKIPPED = 4;

const DEFAULT_FRAMES_PER_SECOND = 30;
const MIN_BITS_PER_SECOND = 30_000;
const MAX_BITS_PER_SECOND = 20_000_000;
/** Smaller ones have no macroblock. */
const MIN_SIDE_PIXELS = 16;
/** OpenH264 spreads its bits over frames: it is told of another pace when that is off by more than this. */
const WORTH_TELLING = 0.2;

/** @param library default: the system's. */
export async function createH264Encoder(options: VideoEncoderOptions, library?: OpenH264): Promise<VideoEncoder> {
  return new H264Encoder(library ?? (await loadOpenH264()), options);
}

interface Open {
  readonly codec: NativeCodec;
  readonly width: number;
  readonly height: number;
  framesPerSecond: number;
}

class H264Encoder implements VideoEncoder {
  readonly #library: OpenH264;
  readonly #picture = Buffer.alloc(PICTURE.bytes);
  readonly #stream: Buffer;
  readonly #layerBytes: number;
  readonly #pace: ReturnType<typeof averageInterval>;
  #bitsPerSecond: number;
  #open: Open | undefined;
  #keyFrame = false;
  #passedUs = 0;
  #closed = false;

  constructor(library: OpenH264, options: VideoEncoderOptions) {
    this.#library = library;
    this.#layerBytes = library.minor >= 6 ? LAYER_BYTES_SINCE_2_6 : LAYER_BYTES;
    this.#stream = Buffer.alloc(STREAM.first + STREAM.layers * this.#layerBytes + 64);
    this.#pace = averageInterval(1_000_000 / (options.framesPerSecond ?? DEFAULT_FRAMES_PER_SECOND));
    this.#bitsPerSecond = limited(options.bitsPerSecond);
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
    if (width < MIN_SIDE_PIXELS || height < MIN_SIDE_PIXELS) {
      throw new EdgeRtcError("video_too_small", `The handler sends pictures of ${width}×${height}.`);
    }
    if (this.#open?.width !== width || this.#open.height !== height) this.#start(width, height);
    if (this.#open === undefined) return undefined;
    return this.#encodeWith(this.#open, frame);
  }

  requestKeyFrame(): void {
    this.#keyFrame = true;
  }

  setBitrate(bitsPerSecond: number): void {
    const limit = limited(bitsPerSecond);
    if (limit === this.#bitsPerSecond) return;
    this.#bitsPerSecond = limit;
    const setting = Buffer.alloc(8);
    setting.writeInt32LE(ALL_LAYERS, 0);
    setting.writeInt32LE(limit, 4);
    this.#open?.codec.call(SET_OPTION, "option", OPTION.bitrate, setting);
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #end(): void {
    this.#open?.codec.call(UNINITIALIZE, "none");
    this.#open?.codec.free();
    this.#open = undefined;
  }

  #start(width: number, height: number): void {
    this.#end();
    const codec = this.#library.create("encoder");
    const framesPerSecond = 1_000_000 / this.#pace.us;
    this.#open = { codec, width, height, framesPerSecond };
    // It would say on the error output what it answers, too.
    codec.call(SET_OPTION, "option", OPTION.traceLevel, Buffer.alloc(4));
    const parameters = Buffer.alloc(PARAMETERS.bytes);
    codec.call(DEFAULT_PARAMETERS, "pointer", parameters);
    const integers = {
      usage: CAMERA,
      width: even(width),
      height: even(height),
      bitrate: this.#bitsPerSecond,
      rateControl: BY_BITRATE,
      layers: 1,
      layerWidth: even(width),
      layerHeight: even(height),
      layerBitrate: this.#bitsPerSecond,
      layerProfile: BASELINE,
      complexity: LOW_COMPLEXITY,
      parameterSetIds: CONSTANT_ID,
    } as const;
    for (const name of keys(integers)) parameters.writeInt32LE(integers[name], PARAMETERS[name]);
    parameters.writeFloatLE(framesPerSecond, PARAMETERS.frameRate);
    parameters.writeFloatLE(framesPerSecond, PARAMETERS.layerFrameRate);
    parameters.set(BT_601, PARAMETERS.layerColour);
    parameters.writeUInt16LE(1, PARAMETERS.threads);
    parameters[PARAMETERS.frameSkip] = 1;
    // A cut makes no key frame by itself: those are asked for.
    parameters[PARAMETERS.sceneChange] = 0;
    const error = codec.call(INITIALIZE, "pointer", parameters);
    if (error === 0) return;
    codec.free();
    this.#open = undefined;
    throw new EdgeRtcError("video_codec_failed", `The H.264 encoder did not open (${error}).`);
  }

  #encodeWith(open: Open, frame: I420Frame): EncodedFrame | undefined {
    this.#passedUs += this.#pace.next(frame.timestampUs);
    this.#followPace(open);
    if (this.#keyFrame) open.codec.call(FORCE_INTRA_FRAME, "intraFrame", true, -1);
    const error = open.codec.call(ENCODE, "pointers", this.#describe(frame), this.#stream);
    if (error !== 0) {
      // The next frame gets a new codec, and so is a key frame.
      this.#end();
      throw new EdgeRtcError("video_codec_failed", `OpenH264 refused a picture (${error}).`);
    }
    const type = this.#stream.readInt32LE(STREAM.first + STREAM.layers * this.#layerBytes);
    if (type === SKIPPED) return undefined;
    const data = this.#collect();
    if (data.length === 0) return undefined;
    this.#keyFrame = false;
    return { codec: "h264", data, keyFrame: type === IDR, timestampUs: frame.timestampUs };
  }

  #followPace({ codec }: Open): void {
    const open = this.#open;
    if (open === undefined) return;
    const framesPerSecond = 1_000_000 / this.#pace.us;
    if (Math.abs(framesPerSecond / open.framesPerSecond - 1) < WORTH_TELLING) return;
    open.framesPerSecond = framesPerSecond;
    const setting = Buffer.alloc(4);
    setting.writeFloatLE(framesPerSecond);
    codec.call(SET_OPTION, "option", OPTION.frameRate, setting);
  }

  /** The picture where it is. An odd row or column is left out: H.264 has none. */
  #describe({ data, width, height }: I420Frame): Buffer {
    const at = this.#library.addressOf(data);
    const luma = BigInt(width * height);
    const chroma = BigInt(half(width) * half(height));
    const picture = this.#picture;
    picture.writeInt32LE(I420, PICTURE.format);
    for (const [n, stride] of [width, half(width), half(width)].entries()) {
      picture.writeInt32LE(stride, PICTURE.strides + 4 * n);
    }
    for (const [n, plane] of [at, at + luma, at + luma + chroma].entries()) {
      picture.writeBigUInt64LE(plane, PICTURE.planes + 8 * n);
    }
    picture.writeInt32LE(even(width), PICTURE.width);
    picture.writeInt32LE(even(height), PICTURE.height);
    picture.writeBigInt64LE(BigInt(Math.round(this.#passedUs / 1_000)), PICTURE.timeMs);
    return picture;
  }

  /** Parameters, then slices, as one. */
  #collect(): Uint8Array {
    const parts: Uint8Array[] = [];
    const stream = this.#stream;
    for (let n = 0; n < stream.readInt32LE(STREAM.layerCount); n++) {
      const layer = STREAM.first + n * this.#layerBytes;
      const units = stream.readInt32LE(layer + STREAM.unitCount);
      if (units <= 0) continue;
      const lengths = this.#library.bytes(stream.readBigUInt64LE(layer + STREAM.unitLengths), 4 * units);
      const view = new DataView(lengths.buffer, lengths.byteOffset);
      let length = 0;
      for (let unit = 0; unit < units; unit++) length += view.getInt32(4 * unit, true);
      parts.push(this.#library.bytes(stream.readBigUInt64LE(layer + STREAM.at), length));
    }
    return new Uint8Array(Buffer.concat(parts));
  }
}

function limited(bitsPerSecond: number): number {
  return Math.round(Math.min(Math.max(bitsPerSecond, MIN_BITS_PER_SECOND), MAX_BITS_PER_SECOND));
}

function even(pixels: number): number {
  return pixels - (pixels % 2);
}

function keys<Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(record).filter((key): key is Key => key in record);
}
