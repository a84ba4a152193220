/** What the ledger's world is made of: its nodes, what travels between them and the edge, and what can happen. */
import { NODE_FENCE_MS, NODE_LOST_MS, NODE_REDIAL_GRACE_MS } from "../../shared/link.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type SqlPort, text } from "../ledger/sql-port.ts";
import type { LeaseRef, NodeState, QueueRules } from "../ledger/types.ts";
import type { TicketRow } from "./queue-reference.ts";

export interface Held {
  readonly sid: string;
  /** The sid until the client has said who it is: over a WebSocket that comes with `connected`. */
  clientId: string;
  readonly sinceMs: number;
  state: "pending" | "live";
}

export interface WorldCommand {
  readonly kind: "offer" | "end";
  readonly lease: LeaseRef;
  readonly ticket: string | undefined;
  readonly deadlineMs: number;
  readonly tried: readonly string[];
}

export interface WorldEvent {
  readonly kind: "connected" | "ended" | "time_up";
  readonly ref: LeaseRef;
  readonly atMs: number;
}

/** A report on an open link is there within this; where nothing gets through for longer, the node is suspect. */
export const MAX_REPORT_DELAY_MS = 4_000;

/** How long both sides bear to be apart: the node until it ends its sessions, the edge until it frees their slots. */
export interface Patience {
  readonly nodeMs: number;
  readonly edgeMs: number;
}

/** The edge saw the socket close; the node knows that it may have, and gives up in time (decision 0042). */
export const CLOSED: Patience = { nodeMs: 4_000, edgeMs: NODE_REDIAL_GRACE_MS };
/** Nothing gets through, or the edge's object was away when the socket closed. */
export const SILENT: Patience = { nodeMs: NODE_FENCE_MS, edgeMs: NODE_LOST_MS };

export type OfferAnswer = "taken" | "full" | "unusable";

export interface WorldNode {
  readonly id: string;
  readonly capacity: number;
  epoch: number;
  revision: number;
  /** What the edge thinks of it. */
  state: NodeState;
  running: boolean;
  linked: boolean;
  /** When its link was cut, while it is, and how. */
  goneMs: number;
  patience: Patience;
  sessions: Map<string, Held>;
  /** What this run has answered to offers: it answers them the same way again. */
  answered: Map<string, OfferAnswer>;
  /** Reports not acknowledged yet, in order. */
  reports: WorldEvent[];
  /** Commands on their way to it, in order. */
  commands: WorldCommand[];
}

/** An offer on its way through the edge: it has a lease, and its node has not been asked yet. */
export interface Call {
  readonly lease: LeaseRef;
  /** The Worker repeats it: its node may have had it before. */
  readonly again: boolean;
  readonly ticket: string | undefined;
  readonly tried: readonly string[];
  readonly deadlineMs: number;
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

/** What can happen, each with a number that picks whom it happens to. */
export const STEPS = [
  "offer",
  "dispatch",
  "edge_dies",
  "edge_gives_up",
  "repeat",
  "deliver",
  "connect",
  "hangup",
  "time_up",
  "report",
  "report_twice",
  "load",
  "unlink",
  "cut",
  "reset",
  "redial",
  "crash",
  "restart",
  "evict",
  "limit",
  "wait",
  "wait_long",
  "expire",
  "stale",
  "ask",
  "leave",
  "telephone",
] as const;
export type Step = (typeof STEPS)[number];

export function ticketRows(sql: SqlPort): TicketRow[] {
  const rows = sql.rows("SELECT ticket, called FROM tickets ORDER BY number");
  return rows.map((row) => ({ ticket: text(row, "ticket"), called: row["called"] === 1 }));
}

export function pickFrom<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % Math.max(1, from.length)];
}
