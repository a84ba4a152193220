/**
 * The ledger of one stream: who holds which of its slots on which node, exactly, and who is next.
 *
 * A synchronous core: it awaits nothing and reads neither clock nor chance. Every operation is one transaction and
 * idempotent by `sid`; counts are queries over leases. Releases and reports from an old run of a node are refused.
 */
import { BACK_AGAIN_GRACE_MS } from "../deadlines.ts";
import {
  asLease,
  endLease,
  extendPending,
  freeLease,
  insertLease,
  loseLeases,
  moveLease,
  reconcile,
  setLive,
} from "./leases.ts";
import { LEDGER_MIGRATIONS } from "./migrations.ts";
import { NodeFacts } from "./node-facts.ts";
import { changeNode, putNode, setNodeLoad } from "./nodes.ts";
import {
  type LedgerOverview,
  nodesOf,
  operatorLimitOf,
  type SessionRow,
  sessionsAfter,
  setOperatorLimit,
} from "./overview.ts";
import type { PlacementNode } from "./placement.ts";
import { Placer } from "./placer.ts";
import {
  activeSessions,
  expiredLeases,
  holdsSession,
  isTaken,
  type LeaseRow,
  leaseOf,
  leaseOfSession,
  nextDeadlineMs,
  readyNodes,
} from "./queries.ts";
import { Queue } from "./queue.ts";
import { Schema } from "./schema.ts";
import type { SqlPort } from "./sql-port.ts";
import type { Ticket } from "./tickets.ts";
import type {
  Admission,
  AdmissionRefusal,
  AdmissionRequest,
  Lease,
  LeaseOutcome,
  LeaseRef,
  LedgerStatus,
  NodeArrival,
  NodeChange,
  Reconciliation,
  ReportedLoad,
  TicketStatus,
  Wait,
} from "./types.ts";
import { isUsed } from "./used-tokens.ts";

type Timed<T> = T & { readonly nowMs: number };

type Slot =
  | { readonly ok: true; readonly node: PlacementNode; readonly own: Ticket | null }
  | { readonly ok: false; readonly code: AdmissionRefusal; readonly limit?: number };

export class Ledger {
  readonly #sql: SqlPort;
  readonly #schema: Schema;
  readonly #facts: NodeFacts;
  readonly #placer: Placer;
  readonly #queue: Queue;

  /** @param random returns a number in [0, 1). */
  constructor(sql: SqlPort, random: () => number) {
    this.#sql = sql;
    this.#schema = new Schema(sql, LEDGER_MIGRATIONS);
    this.#facts = new NodeFacts(sql);
    this.#placer = new Placer(sql, this.#facts, random);
    this.#queue = new Queue(sql, this.#facts, this.#placer);
  }

  // --- sessions ----------------------------------------------------------------------------------------------------

  /**
   * Grants a lease and places it, or refuses, with a ticket where there is a queue. The same `sid` again gets the same
   * lease, or the same ticket.
   */
  admit(request: Timed<AdmissionRequest>): Admission {
    if (!this.#schema.exists()) return { ok: false, code: "no_media_node" };
    return this.#transaction(() => {
      let admission = this.#grant(request);
      // Leases past their deadline only matter when one is in the way; the alarm sees to them otherwise.
      if (!admission.ok && this.#expire(request.nowMs).length > 0) admission = this.#grant(request);
      if (admission.ok || admission.code === "connection_already_exists" || admission.code === "token_used") {
        return admission;
      }
      const queued = this.#queue.enqueue(request, admission.code !== "no_media_node", request.nowMs);
      return queued === null ? admission : { ...admission, queued };
    });
  }

  /**
   * Moves a lease whose node would not take the session to a node not tried yet; when there is none, the lease is
   * freed and the call refused. Who had waited for it is back at the same place in line.
   * @param request.tried every node that refused so far, the present one included.
   */
  placeElsewhere(request: Timed<AdmissionRequest & { tried: readonly string[] }>): Admission {
    if (!this.#schema.exists()) return { ok: false, code: "no_media_node" };
    const { sid, clientId, ticket, tried, nowMs } = request;
    return this.#transaction(() => {
      const held = leaseOf(this.#sql, clientId);
      if (held === null || held.sid !== sid) return { ok: false, code: "node_full" };
      // A repeated call: the lease has moved already.
      if (!tried.includes(held.nodeId)) return { ok: true, nodeId: held.nodeId, epoch: held.epoch };
      const untried = this.#placer.nodes().filter((candidate) => !tried.includes(candidate.nodeId));
      const node = this.#placer.choose(untried, request);
      if (node !== null) {
        moveLease(this.#sql, held, node, nowMs);
        return { ok: true, nodeId: node.nodeId, epoch: node.epoch };
      }
      freeLease(this.#sql, held);
      const queued = this.#queue.comeBack(held, ticket, nowMs);
      this.#queue.advance(nowMs);
      return queued === null ? { ok: false, code: "node_full" } : { ok: false, code: "node_full", queued };
    });
  }

  /**
   * Media flows: the lease has no deadline any more. A session that was admitted before its client id was known claims it
   * here. `unknown`, `stale` and `taken`, by another session, mean that the node must end the session.
   */
  connected(ref: LeaseRef): LeaseOutcome | "taken" {
    const { clientId } = ref;
    let taken = false;
    const outcome = this.#withLease(ref, (held) => {
      taken = isTaken(this.#sql, clientId, held);
      if (!taken) setLive(this.#sql, held, clientId);
    });
    return taken ? "taken" : outcome;
  }

  /**
   * Frees a lease. Again, or from an old run of the node: nothing happens.
   * @param options.begun false if no node ever had the session: a token it came with is good again.
   * @param options.timeUp the session ended at its time limit: on a stream that says so, its caller is in line again.
   */
  release(ref: LeaseRef, nowMs: number, { timeUp = false, begun = true } = {}): LeaseOutcome {
    return this.#withLease(ref, (held) => {
      if (begun) endLease(this.#sql, held, nowMs);
      else freeLease(this.#sql, held);
      this.#queue.ended(held, timeUp, nowMs);
      this.#queue.advance(nowMs);
    });
  }

  /** Frees pending leases past their deadline and returns them; gives held slots on that nobody came for. */
  expire(nowMs: number): Lease[] {
    if (!this.#schema.exists()) return [];
    return this.#transaction(() => {
      const leases = this.#expire(nowMs);
      this.#queue.advance(nowMs);
      return leases;
    });
  }

  /** When {@link expire} has to be called next, or null. */
  nextExpiryMs(): number | null {
    if (!this.#schema.exists()) return null;
    const due = [nextDeadlineMs(this.#sql), this.#queue.nextHoldEndsMs()].filter((atMs) => atMs !== null);
    return due.length === 0 ? null : Math.min(...due);
  }

  /** When the next slot that is held for somebody in line has to be given on, or null. */
  nextHoldEndsMs(): number | null {
    return this.#schema.exists() ? this.#queue.nextHoldEndsMs() : null;
  }

  find(clientId: string): (Lease & { readonly admittedMs: number }) | null {
    const held = this.#schema.exists() ? leaseOf(this.#sql, clientId) : null;
    return held === null ? null : { ...asLease(held), admittedMs: held.admittedMs };
  }

  /** Whether a session is running, for whoever does not know its client id. */
  holds(sid: string): boolean {
    return this.#schema.exists() && holdsSession(this.#sql, sid);
  }

  // --- the queue ---------------------------------------------------------------------------------------------------

  /**
   * Where a caller would be refused now, a place in line for it: for whoever cannot make an offer only to be refused. Nobody is
   * admitted. The same `sid` again gets the same place.
   */
  wait(sid: string, nowMs: number): Wait {
    if (!this.#schema.exists()) return { state: "refused", code: "no_media_node" };
    return this.#transaction(() => {
      let slot = this.#slot({ nowMs });
      if (!slot.ok && this.#expire(nowMs).length > 0) slot = this.#slot({ nowMs });
      if (slot.ok) return { state: "free" };
      const { code } = slot;
      const queued = this.#queue.enqueue({ sid }, code !== "no_media_node", nowMs);
      return queued === null ? { state: "refused", code } : { state: "waiting", ...queued };
    });
  }

  /** How a ticket stands. To ask keeps it alive. */
  ticket(ticket: string, nowMs: number): TicketStatus {
    if (!this.#schema.exists()) return null;
    return this.#transaction(() => {
      this.#queue.advance(nowMs);
      return this.#queue.status(ticket, nowMs);
    });
  }

  /** Gives a place in line up. @returns false if there is no such ticket, or no longer. */
  leave(ticket: string, nowMs: number): boolean {
    if (!this.#schema.exists()) return false;
    return this.#transaction(() => {
      const found = this.#queue.find(ticket);
      if (found !== null) this.#queue.remove(found);
      this.#queue.advance(nowMs);
      return found !== null;
    });
  }

  // --- nodes -------------------------------------------------------------------------------------------------------

  /**
   * A node said hello, with every session it holds, which its leases are held against.
   * @returns null if a newer run, or a later change of this one, has been here already.
   */
  nodeUp(arrival: NodeArrival, nowMs: number): Reconciliation | null {
    this.#schema.ensure();
    return this.#transaction(() => {
      if (!putNode(this.#sql, arrival, nowMs)) return null;
      this.#facts.forget();
      const reconciliation = reconcile(this.#sql, arrival, nowMs);
      this.#queue.advance(nowMs);
      return reconciliation;
    });
  }

  /** A node's state changed. `lost` frees its leases, which are returned, but for offers on their way. Changes that come late are ignored. */
  nodeChanged(change: NodeChange, nowMs: number): Lease[] {
    if (!this.#schema.exists()) return [];
    const { nodeId, state } = change;
    return this.#transaction(() => {
      if (!changeNode(this.#sql, change, nowMs)) return [];
      this.#facts.forget();
      // Its reports may be on their way still.
      if (state === "up") extendPending(this.#sql, nodeId, nowMs + BACK_AGAIN_GRACE_MS);
      const freed = state === "lost" ? loseLeases(this.#sql, nodeId, nowMs) : [];
      this.#queue.advance(nowMs);
      return freed;
    });
  }

  /** A node's load changed. */
  nodeLoad(report: { nodeId: string; epoch: number; load: ReportedLoad }, nowMs: number): void {
    if (!this.#schema.exists()) return;
    this.#transaction(() => {
      setNodeLoad(this.#sql, report, nowMs);
      this.#facts.forget();
      this.#queue.advance(nowMs);
    });
  }

  status(): LedgerStatus {
    if (!this.#schema.exists()) return { limit: null, active: 0, nodesReady: 0, waiting: 0 };
    const { waiting, called } = this.#queue.line();
    return {
      limit: this.#facts.rules()?.limit ?? null,
      active: activeSessions(this.#sql),
      nodesReady: readyNodes(this.#sql),
      waiting: waiting + called,
    };
  }

  // --- operators ---------------------------------------------------------------------------------------------------

  /**
   * Sets the operator's limit, which goes before every descriptor's, or takes it back with null. It counts from the next
   * admission: sessions that run go on, however many they are.
   */
  setLimit(limit: number | null, nowMs: number): void {
    this.#schema.ensure();
    this.#transaction(() => {
      setOperatorLimit(this.#sql, limit);
      this.#facts.forget();
      this.#queue.advance(nowMs);
    });
  }

  overview(): LedgerOverview {
    if (!this.#schema.exists()) return { ...this.status(), operatorLimit: null, nodes: [] };
    return { ...this.status(), operatorLimit: operatorLimitOf(this.#sql), nodes: nodesOf(this.#sql) };
  }

  /** Sessions in the order of their client ids, from the first after `after` on. */
  sessions(after: string, count: number): SessionRow[] {
    return this.#schema.exists() ? sessionsAfter(this.#sql, after, count) : [];
  }

  /** All of it or, when it throws, nothing: neither in the rows nor in what is known of them in memory. */
  #transaction<T>(work: () => T): T {
    try {
      return this.#sql.transaction(work);
    } catch (error) {
      this.#facts.forget();
      this.#queue.undone();
      throw error;
    }
  }

  // --- inside a transaction ----------------------------------------------------------------------------------------

  #grant(request: Timed<AdmissionRequest>): Admission {
    const { sid, clientId, nowMs } = request;
    const held = leaseOf(this.#sql, clientId);
    if (held !== null && held.sid !== sid) return { ok: false, code: "connection_already_exists" };
    if (held !== null) {
      // The offer is on its way anew, and so is its deadline.
      if (held.state === "pending") moveLease(this.#sql, held, held, nowMs);
      return { ok: true, nodeId: held.nodeId, epoch: held.epoch, again: true };
    }
    if (request.token !== undefined && isUsed(this.#sql, request.token)) return { ok: false, code: "token_used" };
    const slot = this.#slot(request);
    if (!slot.ok) return slot;
    const { node, own } = slot;
    insertLease(this.#sql, request, node, own?.number ?? null);
    if (own !== null) this.#queue.remove(own);
    return { ok: true, nodeId: node.nodeId, epoch: node.epoch };
  }

  /** The slot, and the node, that a caller could have now. */
  #slot(request: Timed<Pick<AdmissionRequest, "ticket" | "token" | "near">>): Slot {
    const { nowMs } = request;
    const rules = this.#facts.rules();
    if (rules === null) return { ok: false, code: "no_media_node" };
    const { limit } = rules;
    const line = this.#queue.advance(nowMs);
    const own = this.#queue.find(request.ticket) ?? this.#queue.find(request.token?.ticket);
    const called = own?.called === true;
    // A slot that is held for somebody else is taken.
    const others = line.called - (called ? 1 : 0);
    if (activeSessions(this.#sql) + others >= limit) return { ok: false, code: "concurrency_limit_reached", limit };
    const nodes = this.#placer.nodes();
    if (nodes.length === 0) return { ok: false, code: "no_media_node" };
    // What room there is on the nodes is theirs who have been called; who still waits found none.
    const first = called || others === 0 || this.#placer.room(nowMs) > others;
    const home = own === null ? null : this.#placer.named(nodes, own.home, nowMs);
    const node = first ? (home ?? this.#placer.choose(nodes, request)) : null;
    return node === null ? { ok: false, code: "capacity_reached" } : { ok: true, node, own };
  }

  #withLease(ref: LeaseRef, act: (held: LeaseRow) => void): LeaseOutcome {
    if (!this.#schema.exists()) return "unknown";
    return this.#transaction(() => {
      const held = leaseOfSession(this.#sql, ref);
      if (held === null) return "unknown";
      if (held.nodeId !== ref.nodeId || held.epoch !== ref.epoch) return "stale";
      act(held);
      return "done";
    });
  }

  #expire(nowMs: number): Lease[] {
    const leases = expiredLeases(this.#sql, nowMs);
    for (const lease of leases) endLease(this.#sql, lease, nowMs);
    return leases.map(asLease);
  }
}
