/** What the parts of the ledger's world share: the ledger and the time, the options, and how they pick. */
import type { Ledger } from "../../ledger/ledger.ts";
import { type SqlPort, text } from "../../ledger/sql-port.ts";
import type { QueueRules } from "../../ledger/types.ts";
import type { TicketRow } from "./queue-reference.ts";

/** The ledger as it is after its last eviction, and the time. Only the world itself changes them. */
export interface Scene {
  readonly ledger: Ledger;
  readonly nowMs: number;
}

/** The ledger as the objects see it, and what an eviction does to it. */
export interface LedgerStore {
  readonly sql: SqlPort;
  /** Makes the ledger anew on the same rows: it has forgotten whatever is not there. */
  open(): Ledger;
}

export interface WorldOptions {
  readonly store: LedgerStore;
  readonly limit: number;
  readonly nodes: number;
  /** Sessions a node takes, whatever the ledger thinks. */
  readonly capacity: number;
  /** Null for a stream without a queue. */
  readonly queue: QueueRules | null;
}

export function leasedSids(sql: SqlPort): Set<string> {
  return new Set(sql.rows("SELECT sid FROM leases").map((row) => text(row, "sid")));
}

export function ticketRows(sql: SqlPort): TicketRow[] {
  const rows = sql.rows("SELECT ticket, called FROM tickets ORDER BY number");
  return rows.map((row) => ({ ticket: text(row, "ticket"), called: row["called"] === 1 }));
}

export function pickFrom<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % Math.max(1, from.length)];
}
