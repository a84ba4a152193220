/** When this process itself did not run: a packet that came meanwhile is late by our own fault. */

const TICK_MS = 20;
/** Shorter ones do not matter here. */
const PAUSE_MS = 60;

interface Pause {
  readonly fromMs: number;
  readonly toMs: number;
}

export class OwnPauses {
  readonly #pauses: Pause[] = [];
  #lastMs = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      if (nowMs - this.#lastMs > PAUSE_MS) this.#pauses.push({ fromMs: this.#lastMs, toMs: nowMs });
      this.#lastMs = nowMs;
    }, TICK_MS);
  }

  get longestMs(): number {
    return Math.max(0, ...this.#pauses.map(({ fromMs, toMs }) => toMs - fromMs));
  }

  /** Milliseconds of a time span in which this process stood still. */
  within(fromMs: number, toMs: number): number {
    const overlaps = this.#pauses.map((pause) => Math.min(toMs, pause.toMs) - Math.max(fromMs, pause.fromMs));
    return overlaps.reduce((sum, overlap) => sum + Math.max(0, overlap), 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
