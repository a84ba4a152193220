/** What a stream's ledger reads from its tables. Every count is a query over leases. */
import { RECENT_MS, type ReportingNode, type Tally } from "./placement.ts";
import { number, numberOrNull, type SqlPort, type SqlRow, text } from "./sql-port.ts";
import type { Lease } from "./types.ts";

const LEASE_COLUMNS = "sid, client_id, node_id, epoch, state";

/**
 * Leases that end at their deadline. While a node is suspect its reports may be held up: its leases wait for it to come
 * back or to be lost.
 */
const EXPIRES = `state = 'pending' AND deadline_ms IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.node_id = leases.node_id AND n.state = 'suspect')`;

export function leaseOf(sql: SqlPort, clientId: string): Lease | null {
  const [row] = sql.rows(`SELECT ${LEASE_COLUMNS} FROM leases WHERE client_id = ?`, clientId);
  return row === undefined ? null : asLease(row);
}

export function leasesOn(sql: SqlPort, nodeId: string): { lease: Lease; admittedMs: number }[] {
  return sql
    .rows(`SELECT ${LEASE_COLUMNS}, admitted_ms FROM leases WHERE node_id = ?`, nodeId)
    .map((row) => ({ lease: asLease(row), admittedMs: number(row, "admitted_ms") }));
}

export function activeSessions(sql: SqlPort): number {
  const [row] = sql.rows("SELECT count(*) AS n FROM leases");
  return row === undefined ? 0 : number(row, "n");
}

/** The operator's limit, else the newest build's among the nodes; a lost node's counts only if there is no other. */
export function limitOf(sql: SqlPort): number | null {
  const [setting] = sql.rows("SELECT operator_limit FROM settings WHERE id = 1 AND operator_limit IS NOT NULL");
  if (setting !== undefined) return number(setting, "operator_limit");
  const [node] = sql.rows(
    "SELECT concurrency_limit FROM nodes ORDER BY state = 'lost', build DESC, changed_ms DESC LIMIT 1",
  );
  return node === undefined ? null : number(node, "concurrency_limit");
}

/** Nodes that take sessions, full ones included. */
export function placeableNodes(sql: SqlPort): ReportingNode[] {
  return sql
    .rows("SELECT node_id, epoch, capacity, sessions, cpu, load_ms FROM nodes WHERE state = 'up' AND ready = 1")
    .map((row) => ({
      nodeId: text(row, "node_id"),
      epoch: number(row, "epoch"),
      capacity: number(row, "capacity"),
      sessions: number(row, "sessions"),
      cpu: number(row, "cpu"),
      loadMs: number(row, "load_ms"),
    }));
}

/** Counts a node's leases. */
export function tallyOf(sql: SqlPort, { nodeId, epoch, loadMs }: ReportingNode, nowMs: number): Tally {
  const [row] = sql.rows(
    `SELECT count(*) AS held, total(admitted_ms > ?) AS since_report, total(admitted_ms > ?) AS recent
     FROM leases WHERE node_id = ? AND epoch = ?`,
    loadMs,
    nowMs - RECENT_MS,
    nodeId,
    epoch,
  );
  if (row === undefined) return { held: 0, sinceReport: 0, recent: 0 };
  return { held: number(row, "held"), sinceReport: number(row, "since_report"), recent: number(row, "recent") };
}

/** Leases whose deadline has come. */
export function expiredLeases(sql: SqlPort, nowMs: number): Lease[] {
  return sql.rows(`SELECT ${LEASE_COLUMNS} FROM leases WHERE ${EXPIRES} AND deadline_ms <= ?`, nowMs).map(asLease);
}

/** When the next lease's deadline comes, or null. */
export function nextDeadlineMs(sql: SqlPort): number | null {
  const [row] = sql.rows(`SELECT min(deadline_ms) AS due FROM leases WHERE ${EXPIRES}`);
  return row === undefined ? null : numberOrNull(row, "due");
}

function asLease(row: SqlRow): Lease {
  return {
    sid: text(row, "sid"),
    clientId: text(row, "client_id"),
    nodeId: text(row, "node_id"),
    epoch: number(row, "epoch"),
    state: text(row, "state") === "live" ? "live" : "pending",
  };
}
