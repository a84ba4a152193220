/** Placement: which media node takes a session. Pure; randomness comes in. */

/** A node by its own account. */
export interface ReportingNode {
  readonly nodeId: string;
  readonly epoch: number;
  /** Sessions it takes at most, over all streams. */
  readonly capacity: number;
  /** Sessions it last reported, over all streams. */
  readonly sessions: number;
  /** Share of its cores in use when it last reported, 0 to 1. */
  readonly cpu: number;
  /** When it last reported. */
  readonly loadMs: number;
}

/** A stream's leases on a node. */
export interface Tally {
  readonly held: number;
  /** Admitted since the node's last report, which therefore cannot contain them. */
  readonly sinceReport: number;
  /** Admitted within {@link RECENT_MS}: their load has not shown yet. */
  readonly recent: number;
}

/** A node as placement sees it. */
export type PlacementNode = ReportingNode & Tally;

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
 * The better of two random nodes that have room (power of two choices): near the best placement, without the herd that
 * follows the single best node while reports are stale.
 * @param tallyOf counts a node's leases; asked for the nodes under consideration only.
 * @param random returns a number in [0, 1).
 */
export function choose(
  nodes: readonly ReportingNode[],
  tallyOf: (node: ReportingNode) => Tally,
  random: () => number,
): PlacementNode | null {
  const left = nodes.filter((node) => node.sessions < node.capacity);
  const found: PlacementNode[] = [];
  while (found.length < 2) {
    const [node] = left.splice(Math.floor(random() * left.length), 1);
    if (node === undefined) break;
    const candidate = { ...node, ...tallyOf(node) };
    if (!isFull(candidate)) found.push(candidate);
  }
  const [first, second] = found;
  if (first === undefined || second === undefined) return first ?? null;
  return score(second) < score(first) ? second : first;
}
