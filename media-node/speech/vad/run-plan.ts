/** Which windows go into one run of the model, and which of them belong together: a session's come one after the other. */
import { RESET_BIT } from "./packet.ts";

/** Of one run; more at once are not cheaper each. */
export const MAX_WINDOWS = 128;
/** A run has a place for each session at each step, of which those past a session's last window are idle. */
export const MAX_PLACES = 1_024;

/** Windows of one session in a run, in order. */
export interface Sequence {
  readonly slot: number;
  /** Whether the session begins with them. */
  readonly startsAnew: boolean;
  /** Which of the run's windows they are. */
  readonly windows: number[];
}

export class RunPlan {
  readonly sequences: Sequence[] = [];
  readonly #latest = new Map<number, Sequence>();
  windows = 0;
  /** Windows of the session that has the most. */
  steps = 0;

  get sessions(): number {
    return this.sequences.length;
  }

  /** Adds the next window. @returns whether there was room for it. */
  add(word: number): boolean {
    const slot = word & ~RESET_BIT;
    const startsAnew = (word & RESET_BIT) !== 0;
    // What comes after a reset knows nothing of what came before it.
    const sequence = startsAnew ? undefined : this.#latest.get(slot);
    const steps = Math.max(this.steps, (sequence?.windows.length ?? 0) + 1);
    const sessions = this.sessions + (sequence === undefined ? 1 : 0);
    if (this.windows === MAX_WINDOWS || steps * sessions > MAX_PLACES) return false;
    if (sequence === undefined) {
      const begun = { slot, startsAnew, windows: [this.windows] };
      this.sequences.push(begun);
      this.#latest.set(slot, begun);
    } else {
      sequence.windows.push(this.windows);
    }
    this.windows += 1;
    this.steps = steps;
    return true;
  }

  /** As the model wants it: see {@link inBatches}. */
  write(order: Int32Array, lengths: Int32Array): void {
    for (const [at, { windows }] of this.sequences.entries()) {
      lengths[at] = windows.length;
      for (let step = 0; step < this.steps; step++) order[step * this.sessions + at] = windows[step] ?? 0;
    }
  }
}
