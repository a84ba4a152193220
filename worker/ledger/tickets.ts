/** The tickets' rows, in the order they were given. Inside a transaction of the ledger; the {@link Queue} has the rules. */
import { number, type SqlPort, type SqlRow, text } from "./sql-port.ts";

export interface Ticket {
  /** Its place in line: lower is older. */
  readonly number: number;
  readonly ticket: string;
  readonly called: boolean;
  readonly expiresMs: number;
  /** The node that keeps the state of the call before; null for a caller who is new. */
  readonly home: string | null;
}

/** How many tickets there are. */
export interface Line {
  readonly waiting: number;
  readonly called: number;
}

const COLUMNS = "number, ticket, called, expires_ms, home";

export class Tickets {
  readonly #sql: SqlPort;
  /** True if there is certainly none, as on most streams at most times: nothing is asked then. */
  #none = false;

  constructor(sql: SqlPort) {
    this.#sql = sql;
  }

  line(): Line {
    if (this.#none) return { waiting: 0, called: 0 };
    const [row] = this.#sql.rows("SELECT count(*) AS n, total(called) AS called FROM tickets");
    if (row === undefined) return { waiting: 0, called: 0 };
    const [all, called] = [number(row, "n"), number(row, "called")];
    this.#none = all === 0;
    return { waiting: all - called, called };
  }

  /** A change was undone: tickets may be back. */
  undone(): void {
    this.#none = false;
  }

  find(ticket: string): Ticket | null {
    const [row] = this.#sql.rows(`SELECT ${COLUMNS} FROM tickets WHERE ticket = ?`, ticket);
    return row === undefined ? null : asTicket(row);
  }

  /** 1 is next; tickets that have been called do not wait any more. */
  position({ number: place }: Ticket): number {
    const [row] = this.#sql.rows("SELECT count(*) AS n FROM tickets WHERE called = 0 AND number < ?", place);
    return (row === undefined ? 0 : number(row, "n")) + 1;
  }

  /** Puts a ticket at the end of the line. */
  join(ticket: string, expiresMs: number, home: string | null): Ticket {
    // A place that a lease was granted for is not given again: its caller may have to come back to it.
    const [row] = this.#sql.rows(
      `SELECT max(coalesce((SELECT max(number) FROM tickets), 0),
                  coalesce((SELECT max(ticket_number) FROM leases), 0)) AS newest`,
    );
    const joined = {
      number: row === undefined ? 1 : number(row, "newest") + 1,
      ticket,
      called: false,
      expiresMs,
      home,
    };
    this.put(joined);
    return joined;
  }

  /** Puts a ticket back to the place it had. */
  put(ticket: Omit<Ticket, "called">): void {
    this.#none = false;
    this.#sql.rows(
      "INSERT INTO tickets (number, ticket, called, expires_ms, home) VALUES (?, ?, 0, ?, ?)",
      ticket.number,
      ticket.ticket,
      ticket.expiresMs,
      ticket.home,
    );
  }

  /** The ticket waits, until it expires then. */
  keep({ number: place }: Ticket, expiresMs: number): void {
    this.#sql.rows("UPDATE tickets SET expires_ms = ? WHERE number = ?", expiresMs, place);
  }

  /** Whoever was called from this place on waits again: nobody may pass who is before them. */
  callOff({ number: place }: Pick<Ticket, "number">, expiresMs: number): void {
    this.#sql.rows("UPDATE tickets SET called = 0, expires_ms = ? WHERE called = 1 AND number >= ?", expiresMs, place);
  }

  remove({ number: place }: Ticket): void {
    this.#sql.rows("DELETE FROM tickets WHERE number = ?", place);
  }

  /** Calls the oldest that wait, at most `count`. @returns how many it called. */
  call(count: number, expiresMs: number): number {
    const next = this.#sql.rows("SELECT number FROM tickets WHERE called = 0 ORDER BY number LIMIT ?", count);
    for (const row of next) {
      this.#sql.rows(
        "UPDATE tickets SET called = 1, expires_ms = ? WHERE number = ?",
        expiresMs,
        number(row, "number"),
      );
    }
    return next.length;
  }

  /** Drops tickets that were given up, or all of them. */
  drop(nowMs: number | "all"): void {
    if (nowMs === "all") this.#sql.rows("DELETE FROM tickets");
    else this.#sql.rows("DELETE FROM tickets WHERE expires_ms <= ?", nowMs);
  }

  /** When the first of the called tickets expires, or null. */
  nextHoldEndsMs(): number | null {
    if (this.#none) return null;
    const [row] = this.#sql.rows("SELECT min(expires_ms) AS due FROM tickets WHERE called = 1");
    return row === undefined || row["due"] === null ? null : number(row, "due");
  }
}

function asTicket(row: SqlRow): Ticket {
  return {
    number: number(row, "number"),
    ticket: text(row, "ticket"),
    called: number(row, "called") === 1,
    expiresMs: number(row, "expires_ms"),
    home: row["home"] === null ? null : text(row, "home"),
  };
}
