/** How much audio is on its way to the client, as far as can be told from another process: what was sent, minus the time since. */
import type { Clock } from "../../time/clock.ts";

export class AudioAhead {
  readonly #clock: Clock;
  #endsAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get playing(): boolean {
    return this.#endsAtMs > this.#clock.nowMs();
  }

  add(durationMs: number): void {
    this.#endsAtMs = Math.max(this.#endsAtMs, this.#clock.nowMs()) + durationMs;
  }

  /** @returns the milliseconds that are not played any more. */
  clear(): number {
    const leftMs = Math.max(0, this.#endsAtMs - this.#clock.nowMs());
    this.#endsAtMs = 0;
    return leftMs;
  }
}
