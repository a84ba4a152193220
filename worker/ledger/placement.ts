/** Placement: which media node takes a session. Pure; randomness comes in. */
import type { Place } from "./types.ts";

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
  /** Where it dialled from; null is not known. */
  readonly place: Place | null;
}

/** A stream's leases on a node. */
export interface Tally {
  readonly held: number;
  /** Admitted since the node's last report, which therefore cannot contain them. */
  readonly sinceReport: number;
  /** Admitted within {@link RECENT_MS}: their load on its cores has not shown yet. */
  readonly recent: number;
}

/** A node as placement sees it. */
export type PlacementNode = ReportingNode & Tally;

/** How long a session's load may take to show in its node's reports. */
export const RECENT_MS = 20_000;

/** Nodes that are compared. With two, a fifth of a burst lands on the loaded half of the nodes (decision 0020). */
export const CANDIDATES = 3;

/** Sessions on the node, as far as the ledger can know. */
function expectedSessions({ held, sessions, sinceReport }: PlacementNode): number {
  return Math.max(held, sessions + sinceReport);
}

/** How many more sessions the node takes, as far as the ledger knows; the node itself has the last word. */
export function roomOn(node: PlacementNode): number {
  return Math.max(0, node.capacity - expectedSessions(node));
}

/**
 * Expected load, about 0 to 1: of its slots, or of its cores where they are the scarcer thing. Slots are counted
 * exactly. The cores' load lags, so that a session weighs what the average one does until its node's own report shows
 * it; whatever is reported counts once, or nodes whose reports are fresh would look busier than those whose are old.
 * @param coresPerSession see {@link coresPerSession}.
 */
export function score(node: PlacementNode, coresPerSession: number): number {
  const cores = Math.max(node.cpu + node.sinceReport * coresPerSession, node.recent * coresPerSession);
  return Math.max(expectedSessions(node) / node.capacity, cores);
}

/** Load of the cores per session, over all nodes. */
export function coresPerSession(nodes: readonly ReportingNode[]): number {
  const sessions = nodes.reduce((sum, node) => sum + node.sessions, 0);
  return sessions === 0 ? 0 : nodes.reduce((sum, node) => sum + node.cpu, 0) / sessions;
}

/**
 * The best of a few random nodes that have room: near the best placement, without the herd that follows the single best
 * node while reports are stale. Of two that differ by less than a session, the nearer one.
 * @param tallyOf counts a node's leases; asked for the nodes under consideration only.
 * @param random returns a number in [0, 1).
 * @param near where the client is, if known.
 */
export function choose(
  nodes: readonly ReportingNode[],
  tallyOf: (node: ReportingNode) => Tally,
  random: () => number,
  near?: Place,
): PlacementNode | null {
  const left = nodes.filter((node) => node.sessions < node.capacity);
  const average = coresPerSession(nodes);
  let best: PlacementNode | null = null;
  for (let found = 0; found < CANDIDATES; ) {
    const [node] = left.splice(Math.floor(random() * left.length), 1);
    if (node === undefined) break;
    const candidate = { ...node, ...tallyOf(node) };
    if (roomOn(candidate) === 0) continue;
    found += 1;
    if (best === null || isBetter(candidate, best, average, near)) best = candidate;
  }
  return best;
}

function isBetter(a: PlacementNode, b: PlacementNode, average: number, near: Place | undefined): boolean {
  const difference = score(a, average) - score(b, average);
  const session = Math.max(1 / a.capacity, 1 / b.capacity);
  if (Math.abs(difference) >= session || near === undefined) return difference < 0;
  const [distanceA, distanceB] = [distanceKm(near, a.place), distanceKm(near, b.place)];
  return distanceA === distanceB ? difference < 0 : distanceA < distanceB;
}

const EARTH_RADIUS_KM = 6_371;

/** Along a great circle; infinite for a place that is not known. */
export function distanceKm(from: Place, to: Place | null): number {
  if (to === null) return Number.POSITIVE_INFINITY;
  const [a, b] = [toRadians(from.latitude), toRadians(to.latitude)];
  const across = toRadians(to.longitude - from.longitude);
  const haversine = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(across / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(haversine)));
}

function toRadians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
