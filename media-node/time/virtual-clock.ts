/** A clock that moves only when told to: the test double of {@link Clock}. */
import type { Clock, Timer } from "./clock.ts";

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry: Pending = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending.add(entry);
    return { cancel: () => this.#pending.delete(entry) };
  }

  /** Timers that have neither run nor been cancelled. */
  get pending(): number {
    return this.#pending.size;
  }

  /** How long each of them has to go, in no order. */
  get delaysMs(): readonly number[] {
    return [...this.#pending].map(({ dueMs }) => dueMs - this.#nowMs);
  }

  /** Moves time on by `durationMs`, running what falls due in order, at its own moment. */
  advance(durationMs: number): void {
    const untilMs = this.#nowMs + durationMs;
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#nowMs = next.dueMs;
      this.#pending.delete(next);
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  /** Time passes and nothing runs: what a process sees that was frozen. */
  jump(durationMs: number): void {
    this.#nowMs += durationMs;
  }

  /** As {@link advance}, letting promises settle after every timer. */
  async advanceAsync(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await settle();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#nowMs = next.dueMs;
      this.#pending.delete(next);
      next.callback();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  #next(untilMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const entry of this.#pending) {
      if (entry.dueMs > untilMs) continue;
      if (
        first === undefined ||
        entry.dueMs < first.dueMs ||
        (entry.dueMs === first.dueMs && entry.order < first.order)
      ) {
        first = entry;
      }
    }
    return first;
  }
}

/** One turn of the event loop: every promise that can settle has. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
