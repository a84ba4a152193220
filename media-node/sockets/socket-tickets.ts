/** One-use tickets for sessions' media: whoever comes to the node's media server with one is the client of that session. */
import { randomBytes } from "node:crypto";
import type { Clock } from "../time/clock.ts";

/** Tickets that wait at once. Past it the oldest is given up: a node takes far fewer sessions. */
const MAX_TICKETS = 10_000;

interface Ticket {
  readonly sid: string;
  readonly untilMs: number;
}

export class SocketTickets {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  /** Oldest first. */
  readonly #tickets = new Map<string, Ticket>();

  /** @param lifetimeMs how long a ticket is good for. */
  constructor(clock: Clock, lifetimeMs: number) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  /** @returns 192 random bits, as they may stand in a path. */
  mint(sid: string): string {
    const ticket = randomBytes(24).toString("base64url");
    this.#tickets.set(ticket, { sid, untilMs: this.#clock.nowMs() + this.#lifetimeMs });
    for (const [oldest, { untilMs }] of this.#tickets) {
      if (untilMs > this.#clock.nowMs() && this.#tickets.size <= MAX_TICKETS) break;
      this.#tickets.delete(oldest);
    }
    return ticket;
  }

  /** Uses a ticket up. @returns the session it is for; undefined for one that is unknown, used or too old. */
  take(ticket: string): string | undefined {
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return found !== undefined && found.untilMs > this.#clock.nowMs() ? found.sid : undefined;
  }
}
