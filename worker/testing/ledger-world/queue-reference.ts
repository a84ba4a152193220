/** What a queue must do, told apart from how it does it: strictly first come, first served, and nobody is forgotten. */

/** A ticket's row, oldest first. */
export interface TicketRow {
  readonly ticket: string;
  readonly called: boolean;
}

interface Known {
  /** Its place in line: counts the tickets as they came. */
  readonly place: number;
  askedMs: number;
  /** When it was first seen to have been called; null while it waits. */
  calledMs: number | null;
  /** Still in line, as far as the reference knows. */
  inLine: boolean;
}

export class QueueReference {
  readonly #known = new Map<string, Known>();
  readonly #ttlMs: number;
  readonly #holdMs: number;

  constructor(options: { ttlMs: number; holdMs: number }) {
    this.#ttlMs = options.ttlMs;
    this.#holdMs = options.holdMs;
  }

  /** Its owner asked about it, or made an offer with it. */
  asked(ticket: string, nowMs: number): void {
    const known = this.#known.get(ticket);
    if (known !== undefined) known.askedMs = nowMs;
  }

  /** Its owner gave it up, or has got a slot for it. */
  done(ticket: string): void {
    const known = this.#known.get(ticket);
    if (known !== undefined) known.inLine = false;
  }

  /** Somebody was let in, which left these rows. @throws if somebody else was first. */
  admitted(ticket: string | undefined, rows: readonly TicketRow[], nowMs: number): void {
    const own = ticket === undefined ? undefined : this.#known.get(ticket);
    const place = own?.inLine === true ? own.place : Number.POSITIVE_INFINITY;
    if (ticket !== undefined) this.done(ticket);
    this.observe(rows, nowMs);
    for (const [other, known] of this.#known) {
      const waits = known.inLine && known.calledMs === null && this.#isWanted(known, nowMs);
      if (waits && known.place < place) throw new Error(`${ticket ?? "a newcomer"} was let in before ${other}`);
    }
  }

  /** Holds the tickets' rows against what must be there. @throws if the order is wrong, or somebody is missing. */
  observe(rows: readonly TicketRow[], nowMs: number): void {
    for (const { ticket } of rows) this.#meet(ticket, nowMs);
    let last = -1;
    let waits = false;
    for (const { ticket, called } of rows) {
      const known = this.#meet(ticket, nowMs);
      if (known.place < last) throw new Error(`${ticket} is behind who came later`);
      if (called && waits) throw new Error(`${ticket} was called before who is first`);
      last = known.place;
      waits ||= !called;
      known.inLine = true;
      known.calledMs = called ? (known.calledMs ?? nowMs) : null;
    }
    const present = new Set(rows.map(({ ticket }) => ticket));
    for (const [ticket, known] of this.#known) {
      if (!known.inLine || present.has(ticket)) continue;
      if (this.#isWanted(known, nowMs)) throw new Error(`${ticket} was forgotten`);
      known.inLine = false;
    }
  }

  #meet(ticket: string, nowMs: number): Known {
    const met = this.#known.get(ticket);
    if (met !== undefined) return met;
    const known = { place: this.#known.size, askedMs: nowMs, calledMs: null, inLine: true };
    this.#known.set(ticket, known);
    return known;
  }

  /** True while its owner has a right to find it in line. */
  #isWanted({ askedMs, calledMs }: Known, nowMs: number): boolean {
    return calledMs === null ? nowMs < askedMs + this.#ttlMs : nowMs < calledMs + this.#holdMs;
  }
}
