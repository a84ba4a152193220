/** The leases' rows, as they change. Inside a transaction of the ledger. */
import { IN_FLIGHT_MS, PENDING_LEASE_MS } from "../deadlines.ts";
import { isTaken, type LeaseRow, leasesOn } from "./queries.ts";
import type { SqlPort } from "./sql-port.ts";
import type { AdmissionRequest, Lease, NodeArrival, Reconciliation } from "./types.ts";
import { rememberUsed } from "./used-tokens.ts";

/** A run of a node, as a lease names it. */
interface NodeRun {
  readonly nodeId: string;
  readonly epoch: number;
}

export function insertLease(
  sql: SqlPort,
  { sid, clientId, token, nowMs }: AdmissionRequest & { nowMs: number },
  { nodeId, epoch }: NodeRun,
  ticketNumber: number | null,
): void {
  sql.rows(
    `INSERT INTO leases (client_id, sid, node_id, epoch, state, admitted_ms, deadline_ms, ticket_number,
       token_id, token_forget_at_ms)
     VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?)`,
    clientId,
    sid,
    nodeId,
    epoch,
    nowMs,
    nowMs + PENDING_LEASE_MS,
    ticketNumber,
    token?.id ?? null,
    token?.forgetAtMs ?? null,
  );
}

export function moveLease(sql: SqlPort, { clientId }: Lease, { nodeId, epoch }: NodeRun, nowMs: number): void {
  sql.rows(
    "UPDATE leases SET node_id = ?, epoch = ?, admitted_ms = ?, deadline_ms = ? WHERE client_id = ?",
    nodeId,
    epoch,
    nowMs,
    nowMs + PENDING_LEASE_MS,
    clientId,
  );
}

/** @param as the client id that the session has from here on. Default: the one it has. */
export function setLive(sql: SqlPort, { clientId, state }: Lease, as = clientId): void {
  if (state === "live" && as === clientId) return;
  sql.rows("UPDATE leases SET client_id = ?, state = 'live', deadline_ms = NULL WHERE client_id = ?", as, clientId);
}

/** A node's pending leases last at least until then. */
export function extendPending(sql: SqlPort, nodeId: string, deadlineMs: number): void {
  sql.rows(
    "UPDATE leases SET deadline_ms = ?1 WHERE node_id = ?2 AND state = 'pending' AND deadline_ms < ?1",
    deadlineMs,
    nodeId,
  );
}

/** Frees the lease of a session that there was, or may have been: the token it came with stays used. */
export function endLease(sql: SqlPort, lease: LeaseRow, nowMs: number): void {
  freeLease(sql, lease);
  if (lease.token !== null) rememberUsed(sql, lease.token, nowMs);
}

/** Frees the lease of a session that never was: the token it came with is good again. */
/**
 * A node is lost. An offer that is on its way may reach it yet, if it comes back in time: such a lease waits until that
 * can no longer be. All others are freed.
 * @returns the leases that were freed.
 */
export function loseLeases(sql: SqlPort, nodeId: string, nowMs: number): Lease[] {
  const freed: Lease[] = [];
  for (const lease of leasesOn(sql, nodeId)) {
    if (lease.state === "pending" && lease.admittedMs > nowMs - IN_FLIGHT_MS) {
      setDeadline(sql, lease, lease.admittedMs + IN_FLIGHT_MS);
    } else {
      endLease(sql, lease, nowMs);
      freed.push(asLease(lease));
    }
  }
  return freed;
}

function setDeadline(sql: SqlPort, { clientId, deadlineMs }: LeaseRow, untilMs: number): void {
  if (deadlineMs === null || deadlineMs === untilMs) return;
  sql.rows("UPDATE leases SET deadline_ms = ? WHERE client_id = ?", untilMs, clientId);
}

export function freeLease(sql: SqlPort, { clientId, sid }: Lease): void {
  sql.rows("DELETE FROM leases WHERE client_id = ? AND sid = ?", clientId, sid);
}

/**
 * Holds a node's leases against the sessions it has. Leases of its older runs are freed; so are leases of this run that
 * it does not hold, unless their offer may still be on its way.
 */
export function reconcile(sql: SqlPort, { nodeId, epoch, sessions }: NodeArrival, nowMs: number): Reconciliation {
  const snapshot = new Map(sessions.map((session) => [session.sid, session]));
  const freed: Lease[] = [];
  const kept = new Set<string>();
  for (const lease of leasesOn(sql, nodeId)) {
    const session = lease.epoch === epoch ? snapshot.get(lease.sid) : undefined;
    const inFlight = lease.epoch === epoch && lease.state === "pending" && lease.admittedMs > nowMs - IN_FLIGHT_MS;
    if (session !== undefined) {
      kept.add(lease.sid);
      // What says so may have been lost with a socket. Who has the client id of another hears it when that is said again.
      const taken = isTaken(sql, session.clientId, lease);
      if (session.state === "live") setLive(sql, lease, taken ? lease.clientId : session.clientId);
      else setDeadline(sql, lease, lease.admittedMs + PENDING_LEASE_MS);
    } else if (inFlight) {
      // If the node was lost in between, its offer may reach it now.
      setDeadline(sql, lease, lease.admittedMs + PENDING_LEASE_MS);
    } else {
      endLease(sql, lease, nowMs);
      freed.push(asLease(lease));
    }
  }
  return { freed, end: [...snapshot.keys()].filter((sid) => !kept.has(sid)) };
}

/** Without what only the ledger needs. */
export function asLease({ sid, clientId, nodeId, epoch, state }: LeaseRow): Lease {
  return { sid, clientId, nodeId, epoch, state };
}
