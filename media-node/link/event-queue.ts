/** Session events on their way to the edge: repeated until acknowledged, and bounded in number. */
import type { SessionEvent } from "../../shared/link.ts";

/** Events kept while the edge is away or slow. Past it the oldest go: the snapshot of the next hello says the same. */
export const MAX_QUEUED_EVENTS = 5_000;
/** Of one report. */
const MAX_REPORT_EVENTS = 500;

export class EventQueue {
  #pending: SessionEvent[] = [];
  #sent: { readonly seq: number; readonly events: readonly SessionEvent[] }[] = [];
  /** Events in `#sent`. */
  #sentCount = 0;

  push(event: SessionEvent): void {
    this.#pending.push(event);
    // What was sent goes first: it has probably arrived.
    while (this.#sentCount + this.#pending.length > MAX_QUEUED_EVENTS) {
      const dropped = this.#sent.shift()?.events;
      if (dropped === undefined) this.#pending.shift();
      else this.#sentCount -= dropped.length;
    }
  }

  /** True if there is nothing to send. */
  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** True if the edge has acknowledged everything. */
  get isSettled(): boolean {
    return this.isEmpty && this.#sentCount === 0;
  }

  /** The next report's worth. Whoever takes it says with which `seq` it was {@link sent}. */
  take(): SessionEvent[] {
    return this.#pending.splice(0, MAX_REPORT_EVENTS);
  }

  sent(seq: number, events: readonly SessionEvent[]): void {
    if (events.length === 0) return;
    this.#sent.push({ seq, events });
    this.#sentCount += events.length;
  }

  /** @returns what the edge has from now on. */
  acknowledged(ack: number): SessionEvent[] {
    const arrived = this.#sent.filter(({ seq }) => seq <= ack).flatMap(({ events }) => events);
    this.#sent = this.#sent.filter(({ seq }) => seq > ack);
    this.#sentCount = this.#sent.reduce((sum, { events }) => sum + events.length, 0);
    return arrived;
  }

  /** A new socket: what was not acknowledged on the last one is said again. */
  rewind(): void {
    this.#pending = [...this.#sent.flatMap(({ events }) => events), ...this.#pending];
    this.#sent = [];
    this.#sentCount = 0;
  }
}
