/** The recent loudness of both sides: the dial shows it travelling, one step per animation frame. */
import type { Levels } from "../../client/index.ts";

/** How many frames a sound takes around the dial. */
export const TRAIL_FRAMES = 46;

export class LevelsTrail {
  readonly #input = new Float32Array(TRAIL_FRAMES);
  readonly #output = new Float32Array(TRAIL_FRAMES);
  #head = 0;

  push({ input, output }: Levels): void {
    this.#head = (this.#head + 1) % TRAIL_FRAMES;
    this.#input[this.#head] = input;
    this.#output[this.#head] = output;
  }

  /** Loudness of the person, as it was `frames` ago. */
  input(frames: number): number {
    return at(this.#input, this.#head, frames);
  }

  /** Loudness of the other side, as it was `frames` ago. */
  output(frames: number): number {
    return at(this.#output, this.#head, frames);
  }

  /** Whether everything has died down. */
  get isQuiet(): boolean {
    const quiet = (level: number) => level < 0.01;
    return this.#input.every(quiet) && this.#output.every(quiet);
  }
}

function at(trail: Float32Array, head: number, frames: number): number {
  const back = Math.min(TRAIL_FRAMES - 1, Math.max(0, Math.round(frames)));
  return trail[(head - back + TRAIL_FRAMES) % TRAIL_FRAMES] ?? 0;
}
