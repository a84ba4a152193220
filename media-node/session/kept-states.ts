/**
 * What handlers keep of sessions that ended at their time limit, for their callers' next turn in line. In memory, for as
 * long as a ticket can live; bounded.
 */
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import type { Clock, Timer } from "../time/clock.ts";

/** A caller's state, from one session to the next. What is in it is the handler's own business. */
export type CallerState = Map<string, unknown>;

/** States kept at once. Past it the oldest is forgotten: its caller starts anew. */
export const MAX_KEPT_STATES = 1_000;

/** Longest that a state is kept. */
const MAX_KEPT_MS = 60 * 60 * 1_000;

/** Milliseconds that a stream's states are kept: as long as the line can take, and nobody gives up. */
export function keptMs({ queue, concurrencyLimit, timeLimit }: StreamDescriptor): number {
  if (queue?.rejoin !== true || timeLimit === null) return 0;
  const turns = Math.ceil((queue.maxLength + concurrencyLimit) / concurrencyLimit);
  return Math.min(MAX_KEPT_MS, 2 * queue.ticketTtlMs + turns * timeLimit * 1_000);
}

export class KeptStates {
  readonly #clock: Clock;
  /** By the session that ended, oldest first. */
  readonly #kept = new Map<string, { readonly state: CallerState; readonly timer: Timer }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#kept.size;
  }

  keep(sid: string, state: CallerState, forMs: number): void {
    this.take(sid);
    const timer = this.#clock.after(forMs, () => this.#kept.delete(sid));
    this.#kept.set(sid, { state, timer });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT_STATES && oldest !== undefined) this.take(oldest);
  }

  /** Once. @returns undefined where there is none, or no longer. */
  take(sid: string): CallerState | undefined {
    const kept = this.#kept.get(sid);
    kept?.timer.cancel();
    this.#kept.delete(sid);
    return kept?.state;
  }

  close(): void {
    for (const sid of [...this.#kept.keys()]) this.take(sid);
  }
}
