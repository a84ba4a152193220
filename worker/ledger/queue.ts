/**
 * The queue of one stream: who waits for a slot, and whose turn it is. Inside a transaction of the ledger.
 *
 * A ticket waits until a slot is free and no older ticket waits. It is then called: the slot is held for it, for
 * {@link TICKET_HOLD_MS}, and counts as taken. A ticket nobody asks about, or that is not used when called, is gone.
 */
import { ticketOf } from "../../shared/ids.ts";
import type { NodeFacts } from "./node-facts.ts";
import { Pace } from "./pace.ts";
import type { Placer } from "./placer.ts";
import { activeSessions, type LeaseRow } from "./queries.ts";
import type { SqlPort } from "./sql-port.ts";
import { type Line, type Ticket, Tickets } from "./tickets.ts";
import type { AdmissionRequest, Queued, QueueRules, Rules, TicketStatus } from "./types.ts";

/** A slot is held for a called ticket this long: two questions of whoever waits, and the offer. */
export const TICKET_HOLD_MS = 12_000;

/** Who waits is to ask again after a second, or later the longer the line. */
const MIN_RETRY_MS = 1_000;
const RETRY_PER_POSITION_MS = 100;
/** Never later than this, or a held slot could lapse between two questions. */
const MAX_RETRY_MS = 5_000;

export class Queue {
  readonly #sql: SqlPort;
  readonly #facts: NodeFacts;
  readonly #placer: Placer;
  readonly #tickets: Tickets;
  readonly #pace = new Pace();

  constructor(sql: SqlPort, facts: NodeFacts, placer: Placer) {
    this.#sql = sql;
    this.#facts = facts;
    this.#placer = placer;
    this.#tickets = new Tickets(sql);
  }

  line(): Line {
    return this.#tickets.line();
  }

  /** A change was undone: nothing that is known in memory holds for certain. */
  undone(): void {
    this.#tickets.undone();
  }

  find(ticket: string | undefined): Ticket | null {
    return ticket === undefined ? null : this.#tickets.find(ticket);
  }

  /** To ask how a ticket stands keeps it alive. */
  status(ticket: string, nowMs: number): TicketStatus {
    const found = this.#tickets.find(ticket);
    if (found === null) return null;
    if (found.called) return { state: "ready", ticket, holdMs: found.expiresMs - nowMs };
    const rules = this.#facts.rules();
    if (rules?.queue == null) return null;
    this.#keep(found, rules.queue, nowMs);
    return { state: "waiting", ...this.#queued(found, rules, rules.queue) };
  }

  /**
   * A caller was refused for want of a slot, or of room: it keeps its place in line, or gets one.
   * @param place whether there is anything to wait for, so that a newcomer gets a place.
   * @returns null where there is no queue, or the queue is full.
   */
  enqueue(caller: Pick<AdmissionRequest, "sid" | "ticket" | "token">, place: boolean, nowMs: number): Queued | null {
    const rules = this.#facts.rules();
    if (rules?.queue == null) return null;
    const given = caller.token?.ticket ?? ticketOf(caller.sid);
    const own = this.find(caller.ticket) ?? this.find(given);
    if (own !== null) {
      // Called, and yet there was no room: it keeps its place.
      if (own.called) this.#tickets.callOff(own, expiryMs(rules.queue, nowMs));
      else this.#keep(own, rules.queue, nowMs);
      return this.#queued(own, rules, rules.queue);
    }
    const { waiting, called } = this.line();
    if (!place || waiting + called >= rules.queue.maxLength) return null;
    const joined = this.#tickets.join(given, expiryMs(rules.queue, nowMs), null);
    return this.#queued(joined, rules, rules.queue);
  }

  /** A ticket is used, or given up. */
  remove(ticket: Ticket): void {
    this.#tickets.remove(ticket);
  }

  /** No node took the session that a ticket was used for: its caller is back at its place, if it came from one. */
  comeBack(held: LeaseRow, ticket: string | undefined, nowMs: number): Queued | null {
    const rules = this.#facts.rules();
    if (held.ticketNumber === null || ticket === undefined || rules?.queue == null) return null;
    const expiresMs = expiryMs(rules.queue, nowMs);
    const back = { number: held.ticketNumber, ticket, called: false, expiresMs, home: null };
    this.#tickets.callOff(back, expiresMs);
    this.#tickets.put(back);
    return this.#queued(back, rules, rules.queue);
  }

  /** A session has ended. @param timeUp at its time limit: where the stream says so, its caller is in line again. */
  ended(held: LeaseRow, timeUp: boolean, nowMs: number): void {
    if (held.state === "live") this.#pace.ended(nowMs - held.admittedMs);
    const rules = timeUp ? this.#facts.rules() : null;
    if (rules?.queue?.rejoin !== true) return;
    const { waiting, called } = this.line();
    // Who had a slot is let in even if the queue is full, but not without bound.
    if (waiting + called >= rules.queue.maxLength + rules.limit) return;
    this.#tickets.join(ticketOf(held.sid), expiryMs(rules.queue, nowMs), held.nodeId);
  }

  /** Drops tickets that were given up, and calls the next in line while there are slots and room on the nodes. */
  advance(nowMs: number): Line {
    const before = this.line();
    if (before.waiting + before.called === 0) return before;
    const rules = this.#facts.rules();
    // A newer build has no queue any more.
    this.#tickets.drop(rules?.queue == null ? "all" : nowMs);
    const line = this.line();
    if (line.waiting === 0 || rules === null) return line;
    const slots = Math.min(rules.limit - activeSessions(this.#sql), this.#placer.room(nowMs)) - line.called;
    if (slots <= 0) return line;
    const called = this.#tickets.call(slots, nowMs + TICKET_HOLD_MS);
    return { waiting: line.waiting - called, called: line.called + called };
  }

  /** When the next held slot has to be given on, or null. Tickets that wait are dropped when it matters. */
  nextHoldEndsMs(): number | null {
    return this.#tickets.nextHoldEndsMs();
  }

  /** A row is written at most every half of a ticket's time to live. */
  #keep(ticket: Ticket, rules: QueueRules, nowMs: number): void {
    if (ticket.expiresMs < nowMs + rules.ticketTtlMs) this.#tickets.keep(ticket, expiryMs(rules, nowMs));
  }

  #queued(ticket: Ticket, rules: Rules, { ticketTtlMs }: QueueRules): Queued {
    const position = this.#tickets.position(ticket);
    const retryAfterMs = Math.min(
      MIN_RETRY_MS + (position - 1) * RETRY_PER_POSITION_MS,
      MAX_RETRY_MS,
      Math.round(ticketTtlMs / 2),
    );
    return { ticket: ticket.ticket, position, estimatedWaitMs: this.#pace.estimateMs(position, rules), retryAfterMs };
  }
}

/** When a ticket that is asked about now expires: so much later than promised, that not every question writes a row. */
function expiryMs({ ticketTtlMs }: QueueRules, nowMs: number): number {
  return nowMs + Math.round(1.5 * ticketTtlMs);
}
