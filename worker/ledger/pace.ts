/** How long sessions take, from those that ended lately, to tell who waits about how long. A guess: kept in memory only. */

/** Sessions that the mean is taken over. */
const REMEMBERED = 32;

export class Pace {
  readonly #durationsMs: number[] = [];

  /** A session that was live has ended, this long after its admission. */
  ended(durationMs: number): void {
    this.#durationsMs.push(Math.max(0, durationMs));
    if (this.#durationsMs.length > REMEMBERED) this.#durationsMs.shift();
  }

  /**
   * Milliseconds until the `position`th in line gets a slot, if `limit` sessions run side by side. Without any session to
   * go by, and never above, what the time limit makes certain.
   */
  estimateMs(position: number, { limit, timeLimitMs }: { limit: number; timeLimitMs: number | null }): number | null {
    // An operator has closed the stream.
    if (limit === 0) return null;
    const bound = timeLimitMs === null ? null : Math.ceil(position / limit) * timeLimitMs;
    if (this.#durationsMs.length === 0) return bound;
    const mean = this.#durationsMs.reduce((sum, durationMs) => sum + durationMs, 0) / this.#durationsMs.length;
    return Math.round(Math.min((position * mean) / limit, bound ?? Number.POSITIVE_INFINITY));
  }
}
