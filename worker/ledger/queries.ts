/** What a stream's ledger reads from its tables. Every count is a query over leases. */
import { RECENT_MS, type ReportingNode, type Tally } from "./placement.ts";
import { number, numberOrNull, type SqlPort, type SqlRow, text } from "./sql-port.ts";
import type { Lease, Place, QueueRules, Rules } from "./types.ts";
import type { HeldToken } from "./used-tokens.ts";

/** A lease as it is stored. */
export interface LeaseRow extends Lease {
  readonly admittedMs: number;
  /** Null once it is live. */
  readonly deadlineMs: number | null;
  /** The place in line that it was granted for; null if the caller did not wait. */
  readonly ticketNumber: number | null;
  /** The join token that the caller came with. */
  readonly token: HeldToken | null;
}

const LEASE_COLUMNS =
  "sid, client_id, node_id, epoch, state, admitted_ms, deadline_ms, ticket_number, token_id, token_forget_at_ms";

/**
 * Leases that end at their deadline. While a node is suspect its reports may be held up: its leases wait for it to come
 * back or to be lost.
 */
const EXPIRES = `state = 'pending' AND deadline_ms IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.node_id = leases.node_id AND n.state = 'suspect')`;

export function leaseOf(sql: SqlPort, clientId: string): LeaseRow | null {
  const [row] = sql.rows(`SELECT ${LEASE_COLUMNS} FROM leases WHERE client_id = ?`, clientId);
  return row === undefined ? null : asLeaseRow(row);
}

/** Whether a session has a lease, whatever its client id. Reads them all: for what is asked seldom. */
export function holdsSession(sql: SqlPort, sid: string): boolean {
  return sql.rows("SELECT 1 FROM leases WHERE sid = ? LIMIT 1", sid).length > 0;
}

/** The lease of a session. One whose client id is not known yet has its sid in place of it. */
export function leaseOfSession(sql: SqlPort, { clientId, sid }: Pick<Lease, "clientId" | "sid">): LeaseRow | null {
  const held = leaseOf(sql, clientId);
  if (held?.sid === sid) return held;
  const unnamed = clientId === sid ? null : leaseOf(sql, sid);
  return unnamed?.sid === sid ? unnamed : null;
}

/** Whether the client id that a session has, or claims, is another session's. @param held the session's own lease. */
export function isTaken(sql: SqlPort, clientId: string, held: Lease): boolean {
  return clientId !== held.clientId && leaseOf(sql, clientId) !== null;
}

export function leasesOn(sql: SqlPort, nodeId: string): LeaseRow[] {
  return sql.rows(`SELECT ${LEASE_COLUMNS} FROM leases WHERE node_id = ?`, nodeId).map(asLeaseRow);
}

export function activeSessions(sql: SqlPort): number {
  const [row] = sql.rows("SELECT count(*) AS n FROM leases");
  return row === undefined ? 0 : number(row, "n");
}

/**
 * The newest build's wishes among the nodes, a lost node's only if there is no other; an operator's limit goes first.
 * Null while no node ever served the stream and nobody set a limit.
 */
export function rulesOf(sql: SqlPort): Rules | null {
  const [setting] = sql.rows("SELECT operator_limit FROM settings WHERE id = 1 AND operator_limit IS NOT NULL");
  const operatorLimit = setting === undefined ? null : number(setting, "operator_limit");
  const [node] = sql.rows(
    `SELECT concurrency_limit, time_limit_ms, queue_length, ticket_ttl_ms, rejoin FROM nodes
     ORDER BY state = 'lost', build DESC, changed_ms DESC LIMIT 1`,
  );
  if (node === undefined) {
    return operatorLimit === null ? null : { limit: operatorLimit, timeLimitMs: null, queue: null };
  }
  return {
    limit: operatorLimit ?? number(node, "concurrency_limit"),
    timeLimitMs: numberOrNull(node, "time_limit_ms"),
    queue: asQueueRules(node),
  };
}

/** Nodes that take sessions, full ones included. */
export function placeableNodes(sql: SqlPort): ReportingNode[] {
  return sql
    .rows(
      `SELECT node_id, epoch, capacity, sessions, cpu, load_ms, latitude, longitude FROM nodes
       WHERE state = 'up' AND ready = 1`,
    )
    .map((row) => ({
      nodeId: text(row, "node_id"),
      epoch: number(row, "epoch"),
      capacity: number(row, "capacity"),
      sessions: number(row, "sessions"),
      cpu: number(row, "cpu"),
      loadMs: number(row, "load_ms"),
      place: asPlace(row),
    }));
}

/** Counts the nodes that take sessions, full ones included. */
export function readyNodes(sql: SqlPort): number {
  const [row] = sql.rows("SELECT count(*) AS n FROM nodes WHERE state = 'up' AND ready = 1");
  return row === undefined ? 0 : number(row, "n");
}

/** Counts a node's leases. */
export function tallyOf(sql: SqlPort, { nodeId, epoch, loadMs }: ReportingNode, nowMs: number): Tally {
  const [row] = sql.rows(
    `SELECT count(*) AS held, total(admitted_ms >= ?) AS since_report, total(admitted_ms > ?) AS recent
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
export function expiredLeases(sql: SqlPort, nowMs: number): LeaseRow[] {
  return sql.rows(`SELECT ${LEASE_COLUMNS} FROM leases WHERE ${EXPIRES} AND deadline_ms <= ?`, nowMs).map(asLeaseRow);
}

/** When the next lease's deadline comes, or null. */
export function nextDeadlineMs(sql: SqlPort): number | null {
  const [row] = sql.rows(`SELECT min(deadline_ms) AS due FROM leases WHERE ${EXPIRES}`);
  return row === undefined ? null : numberOrNull(row, "due");
}

function asLeaseRow(row: SqlRow): LeaseRow {
  return {
    sid: text(row, "sid"),
    clientId: text(row, "client_id"),
    nodeId: text(row, "node_id"),
    epoch: number(row, "epoch"),
    state: text(row, "state") === "live" ? "live" : "pending",
    admittedMs: number(row, "admitted_ms"),
    deadlineMs: numberOrNull(row, "deadline_ms"),
    ticketNumber: numberOrNull(row, "ticket_number"),
    token:
      row["token_id"] === null ? null : { id: text(row, "token_id"), forgetAtMs: number(row, "token_forget_at_ms") },
  };
}

function asQueueRules(row: SqlRow): QueueRules | null {
  const maxLength = numberOrNull(row, "queue_length");
  const ticketTtlMs = numberOrNull(row, "ticket_ttl_ms");
  if (maxLength === null || ticketTtlMs === null) return null;
  return { maxLength, ticketTtlMs, rejoin: numberOrNull(row, "rejoin") === 1 };
}

function asPlace(row: SqlRow): Place | null {
  const latitude = numberOrNull(row, "latitude");
  const longitude = numberOrNull(row, "longitude");
  return latitude === null || longitude === null ? null : { latitude, longitude };
}
