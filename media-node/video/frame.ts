/**
 * A picture as a stream's code sees it: plain bytes with a width, a height and a format, and a few things one does to
 * pictures. What came from a camera is converted only when its bytes are looked at.
 */

import { flipPlane, half, i420Bytes, i420ToPacked, packedToI420, resizePlane } from "./convert.ts";
import type { PixelFormat, VideoFrameData } from "./types.ts";

/**
 * How the bytes lie: `rgb` and `rgba` are packed, row after row, top first, without padding; `i420` is a plane of luma
 * and two of chroma at half the size (odd sizes round up), as codecs have it.
 */
export type VideoFormat = PixelFormat;

/** The largest picture that is taken, in pixels a side. */
export const MAX_FRAME_SIDE = 4_096;

export interface VideoFrameInit {
  /** Its length is {@link frameBytes}. Kept, not copied. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** 1 to 4,096 pixels. */
  readonly width: number;
  readonly height: number;
  /** Default `rgb`. */
  readonly format?: VideoFormat;
  /** When it was taken, in microseconds on the camera's own clock. Default 0; what a handler returns has its input's. */
  readonly timestampUs?: number;
}

/** Bytes of a picture. */
export function frameBytes(format: VideoFormat, width: number, height: number): number {
  return format === "i420" ? i420Bytes(width, height) : width * height * PIXEL_BYTES[format];
}

/** A pixel's; of I420, its luma's. */
const PIXEL_BYTES = { rgb: 3, rgba: 4, i420: 1 } as const;

/**
 * A picture. Frames that a session hands out belong to whoever got them: their bytes may be written.
 *
 * @example
 * new Stream((frame) => frame.flipX(), { modality: "video" });
 * new Stream(({ data, size }) => new VideoFrame({ ...size, data: data.map((value) => 255 - value) }), { modality: "video" });
 */
export class VideoFrame implements VideoFrameData {
  readonly width: number;
  readonly height: number;
  /** When it was taken, in microseconds on the camera's own clock. */
  readonly timestampUs: number;
  /** What {@link data} is in. `#held` is what `#pixels` are in until somebody looks. */
  #format: VideoFormat;
  #held: VideoFormat;
  #pixels: Uint8Array;

  /** @throws TypeError where the bytes are not those of such a picture, saying which are. */
  constructor({ data, width, height, format = "rgb", timestampUs = 0 }: VideoFrameInit) {
    checkSide("width", width);
    checkSide("height", height);
    if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
      throw new TypeError("A frame's data must be a Uint8Array or a Uint8ClampedArray.");
    }
    if (!Object.hasOwn(PIXEL_BYTES, format)) {
      throw new TypeError(`A frame's format must be rgb, rgba or i420, not ${String(format).slice(0, 20)}.`);
    }
    const bytes = frameBytes(format, width, height);
    if (data.length !== bytes) {
      throw new TypeError(`A frame of ${width}×${height} in ${format} has ${bytes} bytes, not ${data.length}.`);
    }
    this.width = width;
    this.height = height;
    this.timestampUs = timestampUs;
    this.#format = format;
    this.#held = format;
    this.#pixels = data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length);
  }

  /** A frame in `format` over pixels in I420, which are converted when its {@link data} is read. */
  static fromI420(pixels: Omit<VideoFrameInit, "format">, format: VideoFormat): VideoFrame {
    const frame = new VideoFrame({ ...pixels, format: "i420" });
    frame.#format = format;
    return frame;
  }

  get format(): VideoFormat {
    return this.#format;
  }

  /** The pixels, in {@link format}. */
  get data(): Uint8Array {
    if (this.#held !== this.#format) {
      this.#pixels = this.#converted(this.#format);
      this.#held = this.#format;
    }
    return this.#pixels;
  }

  /** For a frame of the same size: `new VideoFrame({ ...frame.size, data })`. */
  get size(): { readonly width: number; readonly height: number } {
    return { width: this.width, height: this.height };
  }

  /** The same picture in another format. Shares its bytes where they are in that format already. */
  to(format: VideoFormat): VideoFrame {
    const data = this.#held === format ? this.#pixels : this.#converted(format);
    return new VideoFrame({ ...this.size, data, format, timestampUs: this.timestampUs });
  }

  /** Mirrored, left to right. */
  flipX(): VideoFrame {
    return this.#flip("x");
  }

  /** Upside down. */
  flipY(): VideoFrame {
    return this.#flip("y");
  }

  /** Stretched or shrunk to another size. @throws TypeError for a size that no frame has. */
  resize(width: number, height: number): VideoFrame {
    if (width === this.width && height === this.height) return this;
    checkSide("width", width);
    checkSide("height", height);
    const source = planesOf(this.#pixels, this.#held, this.width, this.height);
    return this.#derived(width, height, (data) => {
      for (const [i, plane] of planesOf(data, this.#held, width, height).entries()) {
        const from = source[i];
        if (from === undefined) continue;
        resizePlane(from.bytes, from.width, from.height, plane.bytes, plane.width, plane.height, plane.step);
      }
    });
  }

  #flip(axis: "x" | "y"): VideoFrame {
    const source = planesOf(this.#pixels, this.#held, this.width, this.height);
    return this.#derived(this.width, this.height, (data) => {
      for (const [i, { bytes, width, height, step }] of planesOf(data, this.#held, this.width, this.height).entries()) {
        const from = source[i];
        if (from !== undefined) flipPlane(from.bytes, bytes, width, height, step, axis);
      }
    });
  }

  /** A new frame, in the same format, of pixels as they are held here. */
  #derived(width: number, height: number, write: (data: Uint8Array) => void): VideoFrame {
    const data = new Uint8Array(frameBytes(this.#held, width, height));
    write(data);
    const frame = new VideoFrame({ data, width, height, format: this.#held, timestampUs: this.timestampUs });
    frame.#format = this.#format;
    return frame;
  }

  /** Its pixels in a format that they are not held in. */
  #converted(format: VideoFormat): Uint8Array {
    const { width, height } = this;
    if (format === "i420") {
      const i420 = new Uint8Array(i420Bytes(width, height));
      packedToI420(this.#pixels, this.#held === "rgb" ? 3 : 4, width, height, i420);
      return i420;
    }
    const packed = new Uint8ClampedArray(frameBytes(format, width, height));
    if (this.#held === "i420") i420ToPacked(this.#pixels, width, height, packed, PIXEL_BYTES[format]);
    else repack(this.#pixels, PIXEL_BYTES[this.#held], packed, PIXEL_BYTES[format]);
    return new Uint8Array(packed.buffer);
  }
}

interface Plane {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Bytes per pixel. */
  readonly step: 1 | 3 | 4;
}

function planesOf(data: Uint8Array, format: VideoFormat, width: number, height: number): readonly Plane[] {
  if (format !== "i420") return [{ bytes: data, width, height, step: PIXEL_BYTES[format] }];
  const chroma = { width: half(width), height: half(height), step: 1 } as const;
  const [u, v] = [width * height, width * height + chroma.width * chroma.height];
  return [
    { bytes: data.subarray(0, u), width, height, step: 1 },
    { bytes: data.subarray(u, v), ...chroma },
    { bytes: data.subarray(v), ...chroma },
  ];
}

/** RGB to RGBA, opaque, or back. */
function repack(source: Uint8Array, from: number, target: Uint8ClampedArray, to: number): void {
  for (let read = 0, write = 0; read < source.length; read += from, write += to) {
    target[write] = source[read] ?? 0;
    target[write + 1] = source[read + 1] ?? 0;
    target[write + 2] = source[read + 2] ?? 0;
    if (to === 4) target[write + 3] = 255;
  }
}

function checkSide(name: "width" | "height", side: number): void {
  if (Number.isInteger(side) && side >= 1 && side <= MAX_FRAME_SIDE) return;
  throw new TypeError(`A frame's ${name} must be 1 to ${MAX_FRAME_SIDE} pixels, not ${side}.`);
}
