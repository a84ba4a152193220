/**
 * Latest frame wins: one frame is being worked on, the newest of those that came meanwhile waits, the others are dropped.
 * Pure: the caller says what the time is.
 */

export interface GateOptions {
  /** Frames that may wait. Default 1: the newest. More keep their order; past it the oldest goes. */
  readonly room?: number;
  /** At most one frame per this many milliseconds is worked on. Default 0: every one that can be. */
  readonly everyMs?: number;
}

export class FrameGate<T> {
  readonly #room: number;
  readonly #everyMs: number;
  readonly #waiting: T[] = [];
  #busy = false;
  #dueMs = Number.NEGATIVE_INFINITY;
  #dropped = 0;

  constructor({ room = 1, everyMs = 0 }: GateOptions = {}) {
    this.#room = room;
    this.#everyMs = everyMs;
  }

  /** Frames given up so far because newer ones came. Those that `everyMs` leaves out are not among them. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A frame has come. @returns the one to work on now, if any. */
  arrived(frame: T, nowMs: number): T | undefined {
    if (nowMs < this.#dueMs) return undefined;
    this.#waiting.push(frame);
    if (!this.#busy) return this.#begin(nowMs);
    if (this.#waiting.length > this.#room) {
      this.#waiting.shift();
      this.#dropped++;
    }
    return undefined;
  }

  /** The work on the last frame is done. @returns the next one, if any waits. */
  done(nowMs: number): T | undefined {
    this.#busy = false;
    return this.#begin(nowMs);
  }

  #begin(nowMs: number): T | undefined {
    const frame = this.#waiting.shift();
    if (frame === undefined) return undefined;
    this.#busy = true;
    if (this.#everyMs > 0) {
      // On a grid, so that the camera's own steps do not add up; a late one starts a new grid.
      this.#dueMs = nowMs - this.#dueMs < this.#everyMs ? this.#dueMs + this.#everyMs : nowMs + this.#everyMs;
      this.#waiting.length = 0;
    }
    return frame;
  }
}
