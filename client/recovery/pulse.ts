/** Whether anything arrives on a peer connection, from its statistics. */
import * as v from "valibot";

const Pair = v.object({
  type: v.literal("candidate-pair"),
  id: v.string(),
  bytesReceived: v.optional(v.number()),
  responsesReceived: v.optional(v.number()),
});

/** By path, how much has come over it. */
export type Pulse = ReadonlyMap<string, number>;

/**
 * @param report the values of an `RTCStatsReport`.
 * @param checks whether answers to connectivity checks count, beside media and reports. A browser also checks paths that it does
 * not use.
 */
export function readPulse(report: Iterable<unknown>, checks: boolean): Pulse {
  const pulse = new Map<string, number>();
  for (const stat of report) {
    if (!v.is(Pair, stat)) continue;
    const { id, bytesReceived = 0, responsesReceived = 0 } = stat;
    // They are of different kinds, but what is asked is only whether either has grown.
    pulse.set(id, bytesReceived + (checks ? responsesReceived : 0));
  }
  return pulse;
}

/** Whether something has come since, over any path. Paths that are given up are left out of later statistics. */
export function hasArrived(before: Pulse, now: Pulse): boolean {
  return [...now].some(([id, received]) => received > (before.get(id) ?? 0));
}
