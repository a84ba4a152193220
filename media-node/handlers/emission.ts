/** What a handler may yield or return from `emit`, and how the loose forms are told apart. */
import { type AudioFrame, toFloat32 } from "../audio/frame.ts";

/** Values for the application beside the audio: they reach the client as `fetch_output` and on the outputs stream. */
export class AdditionalOutputs<T extends readonly unknown[] = readonly unknown[]> {
  readonly args: T;

  constructor(...args: T) {
    this.args = args;
  }
}

/** Ends the call: what is queued is played, then the client is told and the session closes. */
export class CloseStream {
  readonly message: string;

  /** @param message shown to the client. Default "Stream closed", as in FastRTC. */
  constructor(message = "Stream closed") {
    this.message = message;
  }
}

/** Tells the client that something is not as it should be, such as a service that is slow: the call goes on. */
export class Warning {
  readonly message: string;

  /** @param message shown to the client. */
  constructor(message = "Warning issued.") {
    this.message = message;
  }
}

/** Audio that says something: `text` is what its samples speak, so that the history keeps what was heard. */
export interface SpokenFrame extends AudioFrame {
  readonly text: string;
}

/** Audio that wants to know how it fares. */
export interface PlayableFrame extends AudioFrame {
  /** Its first sample leaves. Never, if it is cleared before. */
  readonly onStart: () => void;
  /** It is cleared after that; `heard` is the share of it that had left, from 0 to 1. */
  readonly onCut?: (heard: number) => void;
}

type Samples = Int16Array | Float32Array;

/** One row of samples, or a row for each of two channels: what a 2-D array is in Python. */
export type SampleRows = Samples | readonly [Samples] | readonly [left: Samples, right: Samples];

/** FastRTC's tuple, for handlers brought over from Python. `"stereo"`: the one row has both channels, interleaved. */
export type AudioTuple = readonly [sampleRate: number, samples: SampleRows, layout?: "mono" | "stereo"];

type Audio = AudioFrame | SpokenFrame | PlayableFrame | AudioTuple;

export type Emission =
  | Audio
  | AdditionalOutputs
  | CloseStream
  | Warning
  | readonly [audio: Audio, extra: AdditionalOutputs | CloseStream]
  | null
  | undefined;

/** An emission taken apart. */
export interface Emitted {
  readonly audio: AudioFrame | undefined;
  readonly outputs: AdditionalOutputs | undefined;
  readonly close: CloseStream | undefined;
  readonly warning: Warning | undefined;
}

/** @throws TypeError for anything that is none of {@link Emission}'s forms, naming what was found. */
export function readEmission(emission: unknown): Emitted {
  const none: Emitted = { audio: undefined, outputs: undefined, close: undefined, warning: undefined };
  if (emission === null || emission === undefined) return none;
  if (emission instanceof AdditionalOutputs) return { ...none, outputs: emission };
  if (emission instanceof CloseStream) return { ...none, close: emission };
  if (emission instanceof Warning) return { ...none, warning: emission };
  if (Array.isArray(emission) && emission.length === 2 && typeof emission[0] !== "number") {
    return { ...readEmission(emission[1]), audio: readAudio(emission[0]) };
  }
  return { ...none, audio: readAudio(emission) };
}

function readAudio(value: unknown): AudioFrame {
  const frame = Array.isArray(value) ? ofTuple(value) : value;
  if (!isFrame(frame))
    throw new TypeError(`A handler yielded ${describe(value)}; expected audio { sampleRate, samples }.`);
  return frame;
}

/** FastRTC's tuple as a frame, should it be one. */
function ofTuple([sampleRate, rows, layout]: readonly unknown[]): unknown {
  const channels = layout === "stereo" ? 2 : 1;
  if (!Array.isArray(rows)) return { sampleRate, samples: rows, channels };
  const [first, second]: readonly unknown[] = rows;
  if (rows.length === 1) return { sampleRate, samples: first, channels };
  if (rows.length !== 2 || !isSamples(first) || !isSamples(second) || first.length !== second.length) return undefined;
  return { sampleRate, samples: interleave(first, second), channels: 2 };
}

function interleave(left: Samples, right: Samples): Samples {
  const isInt16 = left instanceof Int16Array && right instanceof Int16Array;
  const samples = isInt16 ? new Int16Array(2 * left.length) : new Float32Array(2 * left.length);
  const rows = isInt16 ? [left, right] : [toFloat32(left), toFloat32(right)];
  for (const [channel, row] of rows.entries()) {
    for (let i = 0; i < row.length; i++) samples[2 * i + channel] = row[i] ?? 0;
  }
  return samples;
}

function isFrame(value: unknown): value is AudioFrame {
  if (typeof value !== "object" || value === null) return false;
  const { sampleRate, samples, channels } = value as { sampleRate?: unknown; samples?: unknown; channels?: unknown };
  return (
    Number.isInteger(sampleRate) &&
    Number(sampleRate) >= 4_000 &&
    Number(sampleRate) <= 192_000 &&
    isSamples(samples) &&
    (channels === undefined || channels === 1 || channels === 2)
  );
}

function isSamples(value: unknown): value is Samples {
  return value instanceof Int16Array || value instanceof Float32Array;
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value).slice(0, 40)}`;
  if (Array.isArray(value)) return `Array of ${value.slice(0, 4).map(kindOf).join(", ") || "nothing"}`;
  return `${kindOf(value)} with keys ${Object.keys(value).slice(0, 6).join(", ") || "(none)"}`;
}

function kindOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `Array(${value.length})`;
  return typeof value === "object" && value !== null ? (value.constructor?.name ?? "an object") : typeof value;
}
