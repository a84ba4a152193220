/** What an operator sees of a stream's ledger, and sets in it. */
import { number, numberOrNull, type SqlPort, type SqlRow, text } from "./sql-port.ts";
import type { Lease, LedgerStatus, NodeState, ReportedLoad } from "./types.ts";

/** A node as this stream's ledger knows it. */
export interface NodeInLedger {
  readonly nodeId: string;
  readonly epoch: number;
  /** Orders what the streams know of a node: the highest epoch and revision is the latest. */
  readonly revision: number;
  readonly state: NodeState;
  /** When the state began. */
  readonly changedMs: number;
  readonly load: ReportedLoad;
  /** When the load was reported. */
  readonly loadMs: number;
  /** This stream's sessions on it: its leases. */
  readonly held: number;
}

export interface LedgerOverview extends LedgerStatus {
  /** Null: the newest build's descriptor counts. */
  readonly operatorLimit: number | null;
  readonly nodes: readonly NodeInLedger[];
}

export interface SessionRow extends Lease {
  /** When it was admitted. */
  readonly admittedMs: number;
}

export function operatorLimitOf(sql: SqlPort): number | null {
  const [row] = sql.rows("SELECT operator_limit FROM settings WHERE id = 1");
  return row === undefined ? null : numberOrNull(row, "operator_limit");
}

export function setOperatorLimit(sql: SqlPort, limit: number | null): void {
  sql.rows("INSERT OR REPLACE INTO settings (id, operator_limit) VALUES (1, ?)", limit);
}

/** Every node that serves the stream, or served it within the last day. */
export function nodesOf(sql: SqlPort): NodeInLedger[] {
  return sql
    .rows(
      `SELECT *, (SELECT count(*) FROM leases WHERE leases.node_id = nodes.node_id) AS held FROM nodes
       ORDER BY node_id`,
    )
    .map((row) => ({
      nodeId: text(row, "node_id"),
      epoch: number(row, "epoch"),
      revision: number(row, "revision"),
      state: asState(row),
      changedMs: number(row, "changed_ms"),
      load: {
        sessions: number(row, "sessions"),
        capacity: number(row, "capacity"),
        cpu: number(row, "cpu"),
        ready: number(row, "ready") === 1,
        draining: numberOrNull(row, "draining") === 1,
      },
      loadMs: number(row, "load_ms"),
      held: number(row, "held"),
    }));
}

export function sessionsAfter(sql: SqlPort, after: string, count: number): SessionRow[] {
  return sql
    .rows(
      `SELECT client_id, sid, node_id, epoch, state, admitted_ms FROM leases
       WHERE client_id > ? ORDER BY client_id LIMIT ?`,
      after,
      count,
    )
    .map((row) => ({
      sid: text(row, "sid"),
      clientId: text(row, "client_id"),
      nodeId: text(row, "node_id"),
      epoch: number(row, "epoch"),
      state: text(row, "state") === "live" ? "live" : "pending",
      admittedMs: number(row, "admitted_ms"),
    }));
}

function asState(row: SqlRow): NodeState {
  const state = text(row, "state");
  return state === "up" || state === "suspect" ? state : "lost";
}
