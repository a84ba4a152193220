/** From Silero's probabilities to pieces of speech, by the rules that FastRTC, and Silero's own tools, go by. */
import type { SileroVadOptions } from "./options.ts";

/** A piece of speech, in samples at 16 kHz: from `start` to before `end`. */
export interface AudioChunk {
  readonly start: number;
  readonly end: number;
}

const SAMPLES_PER_MS = 16;
/** Between the threshold for speech and this much below it lies what changes nothing. */
const HYSTERESIS = 0.15;
/** Speech that is too long is split at a silence longer than this. */
const SPLIT_SILENCE_MS = 98;

/** Positions are those of windows. */
type State =
  | { readonly kind: "silence" }
  | {
      readonly kind: "speech";
      readonly start: number;
      /** Where the silence began that lasts until now. */
      readonly quietFrom?: number;
      /** The last silence long enough to split at, and where speech went on after it. */
      readonly split?: { readonly at: number; readonly resumedAt?: number };
    };

type Speech = State & { readonly kind: "speech" };
type Step = readonly [state: State, ...pieces: AudioChunk[]];

const SILENCE: State = { kind: "silence" };

/**
 * The pieces of speech in audio of which each window's probability is known.
 * @param probabilities one for each window of `windowSizeSamples`; the last window may be padded.
 * @param length of the audio in samples at 16 kHz.
 */
export function speechTimestamps(
  probabilities: Iterable<number>,
  length: number,
  options: SileroVadOptions,
): AudioChunk[] {
  const pieces: AudioChunk[] = [];
  let state: State = SILENCE;
  let at = 0;
  for (const probability of probabilities) {
    const [next, ...found] = step(state, probability, at, options);
    state = next;
    pieces.push(...found);
    at += options.windowSizeSamples;
  }
  // Speech that goes on at the end lasts until there.
  if (state.kind === "speech" && isLongEnough(state.start, length, options)) {
    pieces.push({ start: state.start, end: length });
  }
  return padded(pieces, length, options.speechPadMs * SAMPLES_PER_MS);
}

function step(state: State, probability: number, at: number, options: SileroVadOptions): Step {
  const speaks = probability >= options.threshold;
  if (state.kind === "silence") return [speaks ? { kind: "speech", start: at } : SILENCE];
  const heard = speaks ? resume(state, at) : state;
  const isQuiet = probability < options.threshold - HYSTERESIS;
  if (at - heard.start > maxSpeechSamples(options)) return split(heard, at, isQuiet, options);
  return isQuiet ? quieten(heard, at, options) : [heard];
}

/** Speech goes on after a silence, if there was one. */
function resume({ kind, start, quietFrom, split }: Speech, at: number): Speech {
  if (split === undefined) return { kind, start };
  const resumes = quietFrom !== undefined && split.resumedAt === undefined;
  return { kind, start, split: resumes ? { at: split.at, resumedAt: at } : split };
}

/** Speech is too long: cuts it where it was last quiet, or here. */
function split({ start, split }: Speech, at: number, isQuiet: boolean, options: SileroVadOptions): Step {
  if (split === undefined) return [SILENCE, { start, end: at }];
  const piece = { start, end: split.at };
  if (split.resumedAt === undefined) return [SILENCE, piece];
  const rest: Speech = { kind: "speech", start: split.resumedAt };
  const [state, ...pieces] = isQuiet ? quieten(rest, at, options) : [rest];
  return [state, piece, ...pieces];
}

function quieten({ quietFrom, ...speech }: Speech, at: number, options: SileroVadOptions): Step {
  const from = quietFrom ?? at;
  if (at - from >= options.minSilenceDurationMs * SAMPLES_PER_MS) {
    return [SILENCE, ...(isLongEnough(speech.start, from, options) ? [{ start: speech.start, end: from }] : [])];
  }
  if (at - from > SPLIT_SILENCE_MS * SAMPLES_PER_MS) return [{ ...speech, quietFrom: from, split: { at: from } }];
  return [{ ...speech, quietFrom: from }];
}

function isLongEnough(start: number, end: number, options: SileroVadOptions): boolean {
  return end - start > options.minSpeechDurationMs * SAMPLES_PER_MS;
}

function maxSpeechSamples({ maxSpeechDurationS, windowSizeSamples, speechPadMs }: SileroVadOptions): number {
  return maxSpeechDurationS * 1_000 * SAMPLES_PER_MS - windowSizeSamples - 2 * speechPadMs * SAMPLES_PER_MS;
}

/** Pieces with `pad` samples more on both sides, as far as there are; neighbours share what lies between them. */
function padded(pieces: readonly AudioChunk[], length: number, pad: number): AudioChunk[] {
  const before = (piece: AudioChunk, last: AudioChunk | undefined): number => {
    const gap = last === undefined ? Number.POSITIVE_INFINITY : piece.start - last.end;
    return gap < 2 * pad ? Math.floor(gap / 2) : pad;
  };
  return pieces.map((piece, index) => {
    const next = pieces[index + 1];
    const after = next === undefined ? pad : before(next, piece);
    return {
      start: Math.trunc(Math.max(0, piece.start - before(piece, pieces[index - 1]))),
      end: Math.trunc(Math.min(length, piece.end + after)),
    };
  });
}
