/** What went over a line and when: stretches of sound on either side, and the audio that was sent to the client. */
import type { AudioFrame } from "../audio/frame.ts";

/** A stretch of sound, in milliseconds of the call. */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

/** Mean square above which a frame is audible: −50 dB. */
const AUDIBLE_MEAN_SQUARE = 100 ** 2;
/** Stretches kept; past it the oldest are forgotten. */
const MAX_STRETCHES = 1_000;

/** Collects sound into stretches: what comes closer together than `joinMs` is one. */
export class Stretches {
  readonly #joinMs: number;
  #all: Stretch[] = [];

  constructor(joinMs: number) {
    this.#joinMs = joinMs;
  }

  get all(): readonly Stretch[] {
    return this.#all;
  }

  get last(): Stretch | undefined {
    return this.#all.at(-1);
  }

  /** Adds sound; not before what was added last. */
  add({ startMs, endMs }: Stretch): void {
    const last = this.#all.at(-1);
    if (last !== undefined && startMs - last.endMs <= this.#joinMs) {
      this.#all[this.#all.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, endMs) };
      return;
    }
    this.#all.push({ startMs, endMs });
    if (this.#all.length > MAX_STRETCHES) this.#all.shift();
  }
}

export function isAudible(samples: Int16Array): boolean {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum > AUDIBLE_MEAN_SQUARE * samples.length;
}

interface Piece {
  readonly atMs: number;
  readonly samples: Int16Array;
}

/** Audio as it was sent, with the silence between. */
export class Recording {
  readonly #sampleRate: number;
  #pieces: Piece[] = [];

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  add(atMs: number, samples: Int16Array): void {
    this.#pieces.push({ atMs, samples });
  }

  /** Mono, from the beginning of the call to its last sound. */
  get audio(): AudioFrame & { readonly samples: Int16Array } {
    const perMs = this.#sampleRate / 1_000;
    const endOf = ({ atMs, samples }: Piece) => Math.round(atMs * perMs) + samples.length;
    const samples = new Int16Array(this.#pieces.reduce((length, piece) => Math.max(length, endOf(piece)), 0));
    // A frame may leave a little early: where two overlap, the later one follows the earlier.
    let end = 0;
    for (const piece of this.#pieces) {
      const at = Math.min(Math.max(end, Math.round(piece.atMs * perMs)), samples.length - piece.samples.length);
      samples.set(piece.samples, at);
      end = at + piece.samples.length;
    }
    return { sampleRate: this.#sampleRate, samples };
  }
}
