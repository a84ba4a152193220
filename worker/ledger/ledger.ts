/**
 * The ledger of one stream: who holds which of its slots on which node, exactly.
 *
 * A synchronous core: it awaits nothing and reads neither clock nor chance. Every operation is one transaction and
 * idempotent by `sid`; counts are queries over leases. Releases and reports from an old run of a node are refused.
 */
import { BACK_AGAIN_GRACE_MS, IN_FLIGHT_MS, PENDING_LEASE_MS } from "../deadlines.ts";
import { choose, type PlacementNode, type ReportingNode } from "./placement.ts";
import {
  activeSessions,
  expiredLeases,
  leaseOf,
  leasesOn,
  limitOf,
  nextDeadlineMs,
  placeableNodes,
  tallyOf,
} from "./queries.ts";
import { type Migrations, Schema } from "./schema.ts";
import { number, type SqlPort, type SqlRow, text } from "./sql-port.ts";
import type {
  Admission,
  Lease,
  LeaseOutcome,
  LeaseRef,
  NodeArrival,
  NodeChange,
  Reconciliation,
  ReportedLoad,
} from "./types.ts";

/** A lost node's row is kept this long: its descriptor's limit holds while no other node is there. */
export const FORGET_NODE_MS = 24 * 60 * 60 * 1_000;

// One row is written per change of a lease: no rowid beside the key, and no index.
const MIGRATIONS: Migrations = [
  [
    `CREATE TABLE leases (
       client_id TEXT PRIMARY KEY, sid TEXT NOT NULL, node_id TEXT NOT NULL, epoch INTEGER NOT NULL,
       state TEXT NOT NULL, admitted_ms INTEGER NOT NULL, deadline_ms INTEGER
     ) WITHOUT ROWID`,
    `CREATE TABLE nodes (
       node_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, state TEXT NOT NULL, changed_ms INTEGER NOT NULL,
       build INTEGER NOT NULL, concurrency_limit INTEGER NOT NULL, capacity INTEGER NOT NULL,
       sessions INTEGER NOT NULL, cpu REAL NOT NULL, ready INTEGER NOT NULL, load_ms INTEGER NOT NULL,
       revision INTEGER NOT NULL
     ) WITHOUT ROWID`,
    // What an operator sets wins over every descriptor.
    "CREATE TABLE settings (id INTEGER PRIMARY KEY, operator_limit INTEGER)",
  ],
];

export interface LedgerStatus {
  /** Null while no node ever served the stream. */
  readonly limit: number | null;
  readonly active: number;
  /** Nodes that a session could be placed on, full ones included. */
  readonly nodesReady: number;
}

export class Ledger {
  readonly #sql: SqlPort;
  readonly #schema: Schema;
  readonly #random: () => number;

  /** @param random returns a number in [0, 1). */
  constructor(sql: SqlPort, random: () => number) {
    this.#sql = sql;
    this.#schema = new Schema(sql, MIGRATIONS);
    this.#random = random;
  }

  // --- sessions ----------------------------------------------------------------------------------------------------

  /** Grants a lease and places it, or refuses. The same `sid` again gets the same lease. */
  admit(request: { sid: string; clientId: string; nowMs: number }): Admission {
    if (!this.#schema.exists()) return { ok: false, code: "no_media_node" };
    return this.#sql.transaction(() => {
      const admission = this.#admit(request);
      // Leases past their deadline only matter when one is in the way; the alarm sees to them otherwise.
      if (admission.ok || this.#expire(request.nowMs).length === 0) return admission;
      return this.#admit(request);
    });
  }

  /**
   * Moves a lease whose node would not take the session to a node not tried yet; when there is none, the lease is
   * freed and the call refused.
   * @param request.tried every node that refused so far, the present one included.
   */
  placeElsewhere(request: { sid: string; clientId: string; tried: readonly string[]; nowMs: number }): Admission {
    if (!this.#schema.exists()) return { ok: false, code: "no_media_node" };
    const { sid, clientId, tried, nowMs } = request;
    return this.#sql.transaction(() => {
      const held = leaseOf(this.#sql, clientId);
      if (held === null || held.sid !== sid) return { ok: false, code: "node_full" };
      // A repeated call: the lease has moved already.
      if (!tried.includes(held.nodeId)) return { ok: true, nodeId: held.nodeId, epoch: held.epoch };
      const untried = placeableNodes(this.#sql).filter((candidate) => !tried.includes(candidate.nodeId));
      const node = this.#choose(untried, nowMs);
      if (node === null) {
        this.#free(held);
        return { ok: false, code: "node_full" };
      }
      this.#sql.rows(
        "UPDATE leases SET node_id = ?, epoch = ?, admitted_ms = ?, deadline_ms = ? WHERE client_id = ?",
        node.nodeId,
        node.epoch,
        nowMs,
        nowMs + PENDING_LEASE_MS,
        clientId,
      );
      return { ok: true, nodeId: node.nodeId, epoch: node.epoch };
    });
  }

  /** Media flows: the lease has no deadline any more. `unknown` and `stale` mean that the node must end the session. */
  connected(ref: LeaseRef): LeaseOutcome {
    return this.#withLease(ref, (held) => this.#setLive(held));
  }

  /** Frees a lease. Again, or from an old run of the node: nothing happens. */
  release(ref: LeaseRef): LeaseOutcome {
    return this.#withLease(ref, (held) => this.#free(held));
  }

  /** Frees pending leases past their deadline and returns them. */
  expire(nowMs: number): Lease[] {
    if (!this.#schema.exists()) return [];
    return this.#sql.transaction(() => this.#expire(nowMs));
  }

  /** When {@link expire} has to be called next, or null. */
  nextExpiryMs(): number | null {
    return this.#schema.exists() ? nextDeadlineMs(this.#sql) : null;
  }

  find(clientId: string): Lease | null {
    return this.#schema.exists() ? leaseOf(this.#sql, clientId) : null;
  }

  // --- nodes -------------------------------------------------------------------------------------------------------

  /**
   * A node said hello, with every session it holds. Leases of its older runs are freed; so are leases of this run that
   * it does not hold, unless their offer may still be on its way.
   * @returns null if a newer run, or a later change of this one, has been here already.
   */
  nodeUp(arrival: NodeArrival, nowMs: number): Reconciliation | null {
    this.#schema.ensure();
    const { nodeId, epoch, revision, load } = arrival;
    return this.#sql.transaction(() => {
      const [known] = this.#sql.rows("SELECT epoch, revision FROM nodes WHERE node_id = ?", nodeId);
      if (known !== undefined && compareNews({ epoch, revision }, known) < 0) return null;
      this.#sql.rows("DELETE FROM nodes WHERE state = 'lost' AND changed_ms < ?", nowMs - FORGET_NODE_MS);
      this.#sql.rows(
        `INSERT OR REPLACE INTO nodes
           (node_id, epoch, state, changed_ms, build, concurrency_limit, capacity, sessions, cpu, ready, load_ms, revision)
         VALUES (?, ?, 'up', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        nodeId,
        epoch,
        nowMs,
        arrival.build,
        arrival.concurrencyLimit,
        load.capacity,
        load.sessions,
        load.cpu,
        load.ready ? 1 : 0,
        nowMs,
        revision,
      );
      return this.#reconcile(arrival, nowMs);
    });
  }

  /** A node's state changed. `lost` frees its leases, which are returned. Changes that come late are ignored. */
  nodeChanged(change: NodeChange, nowMs: number): Lease[] {
    if (!this.#schema.exists()) return [];
    const { nodeId, epoch, revision, state } = change;
    return this.#sql.transaction(() => {
      const [known] = this.#sql.rows("SELECT epoch, state, revision FROM nodes WHERE node_id = ?", nodeId);
      if (known === undefined || compareNews({ epoch, revision }, known) <= 0) return [];
      // Only a hello, with its snapshot, brings a lost node back.
      if (text(known, "state") === "lost") return [];
      this.#sql.rows(
        "UPDATE nodes SET state = ?, changed_ms = ?, revision = ? WHERE node_id = ?",
        state,
        nowMs,
        revision,
        nodeId,
      );
      if (state === "up") {
        // Its reports may be on their way still.
        this.#sql.rows(
          "UPDATE leases SET deadline_ms = ?1 WHERE node_id = ?2 AND state = 'pending' AND deadline_ms < ?1",
          nowMs + BACK_AGAIN_GRACE_MS,
          nodeId,
        );
      }
      if (state !== "lost") return [];
      const leases = leasesOn(this.#sql, nodeId).map(({ lease }) => lease);
      for (const lease of leases) this.#free(lease);
      return leases;
    });
  }

  /** A node's load changed. */
  nodeLoad(report: { nodeId: string; epoch: number; load: ReportedLoad }, nowMs: number): void {
    if (!this.#schema.exists()) return;
    const { load } = report;
    this.#sql.rows(
      "UPDATE nodes SET capacity = ?, sessions = ?, cpu = ?, ready = ?, load_ms = ? WHERE node_id = ? AND epoch = ?",
      load.capacity,
      load.sessions,
      load.cpu,
      load.ready ? 1 : 0,
      nowMs,
      report.nodeId,
      report.epoch,
    );
  }

  status(): LedgerStatus {
    if (!this.#schema.exists()) return { limit: null, active: 0, nodesReady: 0 };
    const [ready] = this.#sql.rows("SELECT count(*) AS n FROM nodes WHERE state = 'up' AND ready = 1");
    return {
      limit: limitOf(this.#sql),
      active: activeSessions(this.#sql),
      nodesReady: ready === undefined ? 0 : number(ready, "n"),
    };
  }

  // --- inside a transaction ----------------------------------------------------------------------------------------

  #admit({ sid, clientId, nowMs }: { sid: string; clientId: string; nowMs: number }): Admission {
    const held = leaseOf(this.#sql, clientId);
    if (held !== null) {
      return held.sid === sid
        ? { ok: true, nodeId: held.nodeId, epoch: held.epoch }
        : { ok: false, code: "connection_already_exists" };
    }
    const limit = limitOf(this.#sql);
    if (limit === null) return { ok: false, code: "no_media_node" };
    if (activeSessions(this.#sql) >= limit) return { ok: false, code: "concurrency_limit_reached", limit };
    const nodes = placeableNodes(this.#sql);
    if (nodes.length === 0) return { ok: false, code: "no_media_node" };
    const node = this.#choose(nodes, nowMs);
    if (node === null) return { ok: false, code: "capacity_reached" };
    this.#sql.rows(
      "INSERT INTO leases (client_id, sid, node_id, epoch, state, admitted_ms, deadline_ms) VALUES (?, ?, ?, ?, 'pending', ?, ?)",
      clientId,
      sid,
      node.nodeId,
      node.epoch,
      nowMs,
      nowMs + PENDING_LEASE_MS,
    );
    return { ok: true, nodeId: node.nodeId, epoch: node.epoch };
  }

  #choose(nodes: readonly ReportingNode[], nowMs: number): PlacementNode | null {
    return choose(nodes, (node) => tallyOf(this.#sql, node, nowMs), this.#random);
  }

  #withLease(ref: LeaseRef, act: (held: Lease) => void): LeaseOutcome {
    if (!this.#schema.exists()) return "unknown";
    return this.#sql.transaction(() => {
      const held = leaseOf(this.#sql, ref.clientId);
      if (held === null || held.sid !== ref.sid) return "unknown";
      if (held.nodeId !== ref.nodeId || held.epoch !== ref.epoch) return "stale";
      act(held);
      return "done";
    });
  }

  #reconcile(arrival: NodeArrival, nowMs: number): Reconciliation {
    const { nodeId, epoch, sessions } = arrival;
    const snapshot = new Map(sessions.map((session) => [session.sid, session]));
    const freed: Lease[] = [];
    const kept = new Set<string>();
    for (const { lease, admittedMs } of leasesOn(this.#sql, nodeId)) {
      const session = lease.epoch === epoch ? snapshot.get(lease.sid) : undefined;
      const inFlight = lease.epoch === epoch && lease.state === "pending" && admittedMs > nowMs - IN_FLIGHT_MS;
      if (session !== undefined) {
        kept.add(lease.sid);
        if (session.state === "live") this.#setLive(lease);
      } else if (!inFlight) {
        this.#free(lease);
        freed.push(lease);
      }
    }
    return { freed, end: [...snapshot.keys()].filter((sid) => !kept.has(sid)) };
  }

  #setLive(lease: Lease): void {
    if (lease.state === "live") return;
    this.#sql.rows("UPDATE leases SET state = 'live', deadline_ms = NULL WHERE client_id = ?", lease.clientId);
  }

  #expire(nowMs: number): Lease[] {
    const leases = expiredLeases(this.#sql, nowMs);
    for (const lease of leases) this.#free(lease);
    return leases;
  }

  #free(lease: Lease): void {
    this.#sql.rows("DELETE FROM leases WHERE client_id = ? AND sid = ?", lease.clientId, lease.sid);
  }
}

/** Orders a node's news by run, then by revision. @returns above 0 if `news` is later than what is known. */
function compareNews(news: { epoch: number; revision: number }, known: SqlRow): number {
  return news.epoch - number(known, "epoch") || news.revision - number(known, "revision");
}
