/** Whether anything arrives on a peer connection, and whether anything is sent, from its statistics. */
import * as v from "valibot";

const Pair = v.object({
  type: v.literal("candidate-pair"),
  id: v.string(),
  bytesReceived: v.optional(v.number()),
  responsesReceived: v.optional(v.number()),
});

const Outbound = v.object({ type: v.literal("outbound-rtp"), packetsSent: v.number() });

export interface Pulse {
  /** By path, how much has come over it. */
  readonly received: ReadonlyMap<string, number>;
  /** Packets of media. */
  readonly sent: number;
}

/**
 * @param report the values of an `RTCStatsReport`.
 * @param checks whether answers to connectivity checks count, beside media and reports. A browser also checks paths that it does
 * not use.
 */
export function readPulse(report: Iterable<unknown>, checks: boolean): Pulse {
  const received = new Map<string, number>();
  let sent = 0;
  for (const stat of report) {
    if (v.is(Outbound, stat)) sent += stat.packetsSent;
    if (!v.is(Pair, stat)) continue;
    const { id, bytesReceived = 0, responsesReceived = 0 } = stat;
    // They are of different kinds, but what is asked is only whether either has grown.
    received.set(id, bytesReceived + (checks ? responsesReceived : 0));
  }
  return { received, sent };
}

/** Whether something has come since, over any path. Paths that are given up are left out of later statistics. */
export function hasArrived(before: Pulse, now: Pulse): boolean {
  return [...now.received].some(([id, received]) => received > (before.received.get(id) ?? 0));
}
