/** What goes into the ledger and comes out of it: plain data, because it travels between objects. */
import type { SessionSnapshot } from "../../shared/link.ts";

/** A node as a stream's ledger sees it. `up` and `ready` takes sessions; `suspect` keeps its own but gets none. */
export type NodeState = "up" | "suspect" | "lost";

export interface Lease {
  readonly sid: string;
  readonly clientId: string;
  readonly nodeId: string;
  readonly epoch: number;
  readonly state: "pending" | "live";
}

/** Names one lease exactly: a release that does not match all of it is refused. */
export type LeaseRef = Omit<Lease, "state">;

/** A place on earth, in degrees. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** A join token that a call came with, checked by the Worker: it is good for one session. */
export interface JoinGrant {
  readonly id: string;
  /** When it has expired for certain, in milliseconds since 1970. */
  readonly forgetAtMs: number;
  /** The place in line that is its own: one token takes no two. */
  readonly ticket: string;
}

export interface AdmissionRequest {
  readonly sid: string;
  readonly clientId: string;
  readonly token?: JoinGrant | undefined;
  /** A place in line, from an earlier refusal. */
  readonly ticket?: string | undefined;
  /** Where the client is. */
  readonly near?: Place | undefined;
}

export type AdmissionRefusal =
  | "connection_already_exists"
  | "concurrency_limit_reached"
  | "no_media_node"
  | "capacity_reached"
  | "node_full"
  | "token_used"
  | "edge_restarting";

export type Admission =
  | {
      readonly ok: true;
      readonly nodeId: string;
      readonly epoch: number;
      /** The lease was there already: the offer is repeated, and its node may have had it before. */
      readonly again?: boolean;
    }
  | {
      readonly ok: false;
      readonly code: AdmissionRefusal;
      readonly limit?: number;
      /** The caller's place in line, on a stream with a queue that is not full. */
      readonly queued?: Queued;
    };

/** A place in line. */
export interface Queued {
  /** A secret: whoever has it has the place. */
  readonly ticket: string;
  /** 1 is next. */
  readonly position: number;
  /** Null while nothing is known to go by. */
  readonly estimatedWaitMs: number | null;
  /** When to ask again. */
  readonly retryAfterMs: number;
}

/** How a ticket stands. `ready`: a slot is held for it, for `holdMs` more. Null: there is no such ticket, or no longer. */
export type TicketStatus =
  | ({ readonly state: "waiting" } & Queued)
  | { readonly state: "ready"; readonly ticket: string; readonly holdMs: number }
  | null;

/** What a caller who has not made an offer has to expect. */
export type Wait =
  | { readonly state: "free" }
  | ({ readonly state: "waiting" } & Queued)
  /** There is no line, or it is full. */
  | { readonly state: "refused"; readonly code: AdmissionRefusal };

/** The queue of a stream, as its descriptor has it. */
export interface QueueRules {
  /** Tickets at once. */
  readonly maxLength: number;
  /** A ticket that is not asked about for this long is given up. */
  readonly ticketTtlMs: number;
  /** A session that ends at its time limit gets a new ticket. */
  readonly rejoin: boolean;
}

/** What a stream's newest build, or its operator, wants. */
export interface Rules {
  readonly limit: number;
  readonly timeLimitMs: number | null;
  readonly queue: QueueRules | null;
}

/** What `release` and `connected` found. `stale`: the lease has moved on to another node or a newer run of it. */
export type LeaseOutcome = "done" | "unknown" | "stale";

/** How busy a node is, as it reported. */
export interface ReportedLoad {
  readonly sessions: number;
  readonly capacity: number;
  readonly cpu: number;
  readonly ready: boolean;
  readonly draining?: boolean | undefined;
}

/**
 * A change of a node's state, as its MediaNode object saw it. `revision` counts the changes over all runs, so that one
 * that arrives late or twice is known as such.
 */
export interface NodeChange {
  readonly nodeId: string;
  readonly epoch: number;
  readonly revision: number;
  readonly state: NodeState;
}

/** A node's hello, as much of it as concerns one stream. */
export interface NodeArrival {
  readonly nodeId: string;
  readonly epoch: number;
  readonly revision: number;
  readonly build: number;
  readonly concurrencyLimit: number;
  readonly timeLimitMs?: number | null;
  readonly queue?: QueueRules | null;
  readonly place?: Place | null | undefined;
  readonly load: ReportedLoad;
  /** The sessions of this stream that the node holds. */
  readonly sessions: readonly Pick<SessionSnapshot, "sid" | "clientId" | "state">[];
}

/** What a node's arrival did: leases freed here, and sessions the node must end because they have no lease. */
export interface Reconciliation {
  readonly freed: readonly Lease[];
  readonly end: readonly string[];
}

export interface LedgerStatus {
  /** Null while no node ever served the stream. */
  readonly limit: number | null;
  readonly active: number;
  /** Nodes that a session could be placed on, full ones included. */
  readonly nodesReady: number;
  /** Tickets in the queue, those included that a slot is held for. */
  readonly waiting: number;
}
