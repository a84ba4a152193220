/** Placement: which media node takes a session. Pure; randomness comes in. */

/** A node as placement sees it. */
export interface PlacementNode {
  readonly nodeId: string;
  readonly epoch: number;
  /** Sessions it takes at most, over all streams. */
  readonly capacity: number;
  /** Sessions it last reported, over all streams. */
  readonly sessions: number;
  /** Share of its cores in use when it last reported, 0 to 1. */
  readonly cpu: number;
  /** This stream's leases on it. */
  readonly held: number;
  /** This stream's leases admitted since that report, which the report cannot contain. */
  readonly sinceReport: number;
  /** This stream's leases admitted within {@link RECENT_MS}: their load has not shown yet. */
  readonly recent: number;
}

/** How long a session's load may take to show in its node's reports. */
export const RECENT_MS = 20_000;

/** True if the ledger knows that the node has no slot left; the node itself has the last word. */
export function isFull(node: PlacementNode): boolean {
  return Math.max(node.held, node.sessions + node.sinceReport) >= node.capacity;
}

/** Expected load, about 0 to 1: the reported one and what is on its way. */
export function score(node: PlacementNode): number {
  const reported = Math.max(node.cpu, node.sessions / node.capacity);
  const perSession = node.sessions > 0 ? reported / node.sessions : 1 / node.capacity;
  return reported + node.recent * perSession;
}

/**
 * The better of two random nodes (power of two choices): near the best placement, without the herd that follows the
 * single best node while reports are stale.
 * @param random returns a number in [0, 1).
 */
export function choose(nodes: readonly PlacementNode[], random: () => number): PlacementNode | null {
  const first = nodes[Math.floor(random() * nodes.length)];
  if (first === undefined) return null;
  const others = nodes.filter((node) => node !== first);
  const second = others[Math.floor(random() * others.length)];
  return second !== undefined && score(second) < score(first) ? second : first;
}
