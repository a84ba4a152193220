/**
 * How long the person waits for an answer, as heard in this browser: from the last sound into the microphone to the first out of
 * the loudspeaker. All delays are in it, those of the network and of both buffers too.
 */
import type { Levels } from "../../client/index.ts";

/** Louder than this is a sound; a quiet room's microphone is below it. */
const LOUD = 0.06;
/** A sound out right after one in is still the last answer, or an echo. */
const MIN_MS = 80;
/** Nobody waits longer: what comes then is no answer to that. */
const MAX_MS = 10_000;

export class ResponseTime {
  #heardAtMs: number | null = null;
  #sounding = false;
  #input = 0;
  #latestMs: number | null = null;

  /** Of the latest answer; null before the first. */
  get latestMs(): number | null {
    return this.#latestMs;
  }

  /** Takes the levels of the moment, as they come. */
  push({ input, output }: Levels, nowMs: number): void {
    const sounds = output > LOUD;
    // The level shown falls more slowly than the sound does: while it falls there is none.
    if (input > LOUD && input >= this.#input && !sounds) this.#heardAtMs = nowMs;
    this.#input = input;
    if (sounds && !this.#sounding && this.#heardAtMs !== null) {
      const waitedMs = nowMs - this.#heardAtMs;
      if (waitedMs >= MIN_MS && waitedMs <= MAX_MS) {
        this.#latestMs = waitedMs;
        this.#heardAtMs = null;
      }
    }
    this.#sounding = sounds;
  }
}
