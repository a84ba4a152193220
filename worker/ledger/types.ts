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

export type AdmissionRefusal =
  | "connection_already_exists"
  | "concurrency_limit_reached"
  | "no_media_node"
  | "capacity_reached"
  | "node_full"
  | "edge_restarting";

export type Admission =
  | { readonly ok: true; readonly nodeId: string; readonly epoch: number }
  | { readonly ok: false; readonly code: AdmissionRefusal; readonly limit?: number };

/** What `release` and `connected` found. `stale`: the lease has moved on to another node or a newer run of it. */
export type LeaseOutcome = "done" | "unknown" | "stale";

/** How busy a node is, as it reported. */
export interface ReportedLoad {
  readonly sessions: number;
  readonly capacity: number;
  readonly cpu: number;
  readonly ready: boolean;
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
  readonly load: ReportedLoad;
  /** The sessions of this stream that the node holds. */
  readonly sessions: readonly Pick<SessionSnapshot, "sid" | "clientId" | "state">[];
}

/** What a node's arrival did: leases freed here, and sessions the node must end because they have no lease. */
export interface Reconciliation {
  readonly freed: readonly Lease[];
  readonly end: readonly string[];
}
