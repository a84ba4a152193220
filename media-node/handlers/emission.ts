/** What a handler may yield or return from `emit`, and how the loose forms are told apart. */
import type { AudioFrame } from "../audio/frame.ts";

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

/** FastRTC's tuple, for handlers brought over from Python. */
export type AudioTuple = readonly [sampleRate: number, samples: Int16Array | Float32Array, layout?: "mono" | "stereo"];

type Audio = AudioFrame | SpokenFrame | PlayableFrame | AudioTuple;

export type Emission =
  | Audio
  | AdditionalOutputs
  | CloseStream
  | readonly [audio: Audio, extra: AdditionalOutputs | CloseStream]
  | null
  | undefined;

/** An emission taken apart. */
export interface Emitted {
  readonly audio: AudioFrame | undefined;
  readonly outputs: AdditionalOutputs | undefined;
  readonly close: CloseStream | undefined;
}

/** @throws TypeError for anything that is none of {@link Emission}'s forms, naming what was found. */
export function readEmission(emission: unknown): Emitted {
  const none: Emitted = { audio: undefined, outputs: undefined, close: undefined };
  if (emission === null || emission === undefined) return none;
  if (emission instanceof AdditionalOutputs) return { ...none, outputs: emission };
  if (emission instanceof CloseStream) return { ...none, close: emission };
  if (Array.isArray(emission) && emission.length === 2 && typeof emission[0] !== "number") {
    return { ...readEmission(emission[1]), audio: readAudio(emission[0]) };
  }
  return { ...none, audio: readAudio(emission) };
}

function readAudio(value: unknown): AudioFrame {
  const frame = Array.isArray(value)
    ? { sampleRate: value[0], samples: value[1], channels: value[2] === "stereo" ? 2 : 1 }
    : value;
  if (!isFrame(frame))
    throw new TypeError(`A handler yielded ${describe(value)}; expected audio { sampleRate, samples }.`);
  return frame;
}

function isFrame(value: unknown): value is AudioFrame {
  if (typeof value !== "object" || value === null) return false;
  const { sampleRate, samples, channels } = value as { sampleRate?: unknown; samples?: unknown; channels?: unknown };
  return (
    Number.isInteger(sampleRate) &&
    Number(sampleRate) >= 4_000 &&
    Number(sampleRate) <= 192_000 &&
    (samples instanceof Int16Array || samples instanceof Float32Array) &&
    (channels === undefined || channels === 1 || channels === 2)
  );
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value).slice(0, 40)}`;
  return `${value.constructor?.name ?? "an object"} with keys ${Object.keys(value).slice(0, 6).join(", ") || "(none)"}`;
}
