/** What video code may return or yield, and how the loose forms are told apart. */
import type { AdditionalOutputs, CloseStream, Warning } from "../handlers/emission.ts";
import { type Emitted, readEmission } from "../handlers/emission.ts";
import { VideoFrame, type VideoFrameInit } from "./frame.ts";

/** A frame, or what makes one: `{ data, width, height }` in RGB, or in the `format` it says. */
export type Picture = VideoFrame | VideoFrameInit;

export type VideoEmission =
  | Picture
  | AdditionalOutputs
  | CloseStream
  | Warning
  | readonly [picture: Picture, extra: AdditionalOutputs | CloseStream]
  | null
  | undefined;

/** What comes with a picture, or in its place. */
export type Extras = Omit<Emitted, "audio">;

export interface EmittedVideo {
  readonly picture: VideoFrame | undefined;
  readonly extras: Extras;
}

/** @throws TypeError for anything that is none of {@link VideoEmission}'s forms, naming what was found. */
export function readVideoEmission(emission: unknown): EmittedVideo {
  if (Array.isArray(emission) && emission.length === 2) {
    return { picture: readPicture(emission[0]), extras: readExtras(emission[1]) };
  }
  if (isPicture(emission)) return { picture: readPicture(emission), extras: readExtras(undefined) };
  return { picture: undefined, extras: readExtras(emission) };
}

function readExtras(value: unknown): Extras {
  try {
    const { audio, ...extras } = readEmission(value);
    if (audio === undefined) return extras;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
  }
  throw new TypeError(`Video code returned ${describe(value)}; expected a frame: { data, width, height }.`);
}

function readPicture(value: unknown): VideoFrame {
  if (value instanceof VideoFrame) return value;
  if (!isPicture(value)) {
    throw new TypeError(`Video code returned ${describe(value)}; expected a frame: { data, width, height }.`);
  }
  return new VideoFrame(value);
}

function isPicture(value: unknown): value is Picture {
  if (value instanceof VideoFrame) return true;
  return typeof value === "object" && value !== null && "data" in value && "width" in value && "height" in value;
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value).slice(0, 40)}`;
  const keys = Array.isArray(value) || ArrayBuffer.isView(value) ? [] : Object.keys(value).slice(0, 6);
  return `${value.constructor?.name ?? "an object"}${keys.length > 0 ? ` with keys ${keys.join(", ")}` : ""}`;
}
