/**
 * How far what a caller hears is behind what was sent: measured by marks, which the provider returns when the audio before them
 * has been played. What was heard when a reply is interrupted depends on it.
 */
import type { Clock } from "../../time/clock.ts";

/** Assumed before the first mark is back: networks and providers' own buffers. */
const ASSUMED_MS = 150;
/** A line that is later than this is not late but broken, and marks that are still out are forgotten. */
const MAX_LAG_MS = 5_000;
const MAX_MARKS = 64;

export class PlaybackLag {
  readonly #clock: Clock;
  /** When the audio before each mark would have been played, were there no delay. */
  readonly #marks = new Map<string, number>();
  #count = 0;
  #lagMs = ASSUMED_MS;
  /** When what was sent so far would have been played. */
  #endMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds. */
  get ms(): number {
    return this.#lagMs;
  }

  sent(durationMs: number): void {
    this.#endMs = Math.max(this.#endMs, this.#clock.nowMs()) + durationMs;
  }

  /** @returns the name of a mark to send now, behind what was sent. */
  mark(): string {
    this.#count += 1;
    const name = `m${this.#count}`;
    this.#marks.set(name, this.#endMs);
    const [oldest] = this.#marks.keys();
    if (this.#marks.size > MAX_MARKS && oldest !== undefined) this.#marks.delete(oldest);
    return name;
  }

  /** The provider has returned a mark. One that nobody waits for says nothing. */
  returned(name: string): void {
    const dueMs = this.#marks.get(name);
    if (dueMs === undefined) return;
    this.#marks.delete(name);
    this.#lagMs = Math.min(MAX_LAG_MS, Math.max(0, this.#clock.nowMs() - dueMs));
  }

  /** What was sent and not played is dropped: the marks behind it come back early. */
  cleared(): void {
    this.#marks.clear();
    this.#endMs = 0;
  }
}
