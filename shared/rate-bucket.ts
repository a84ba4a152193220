/** A limit on how often something happens: so many a second, and a burst of as many as the bucket holds. */
export class RateBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #atMs: number | null = null;

  /** @param burst how many may come at once after a pause. */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
  }

  /** @param nowMs of a clock that only goes forward. @returns false if it is one too many. */
  take(nowMs: number): boolean {
    const passedMs = this.#atMs === null ? 0 : Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#left = Math.min(this.#burst, this.#left + (passedMs * this.#perSecond) / 1_000);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
