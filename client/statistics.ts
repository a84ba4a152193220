/** How a call fares, from its statistics, as a few figures that an application can show. Loaded only where somebody asks. */
import * as v from "valibot";
import { readPath, type TransportPath } from "./transport-path.ts";

export interface CallStatistics {
  /** Which way media goes; null before there is one. */
  readonly path: TransportPath | null;
  /** To the node and back, in milliseconds; null before it was measured. */
  readonly roundTripMs: number | null;
  /** Share of the packets that were lost since the call began, 0 to 1: what we hear, and what the node hears of us. */
  readonly lossIn: number | null;
  readonly lossOut: number | null;
  /** How unevenly what we hear arrives, in milliseconds. */
  readonly jitterMs: number | null;
  /** Of what we hear, such as `opus`; over a WebSocket `pcm16`. */
  readonly codec: string | null;
}

const Inbound = v.object({
  type: v.literal("inbound-rtp"),
  kind: v.literal("audio"),
  packetsReceived: v.number(),
  packetsLost: v.number(),
  jitter: v.optional(v.number()),
  codecId: v.optional(v.string()),
});

/** What the node reports of what it hears. */
const RemoteInbound = v.object({
  type: v.literal("remote-inbound-rtp"),
  kind: v.literal("audio"),
  packetsLost: v.number(),
  roundTripTime: v.optional(v.number()),
});

const Outbound = v.object({
  type: v.literal("outbound-rtp"),
  kind: v.literal("audio"),
  packetsSent: v.number(),
});

const Codec = v.object({ type: v.literal("codec"), id: v.string(), mimeType: v.string() });

/** @param report the values of an `RTCStatsReport`. */
export function readStatistics(report: Iterable<unknown>): CallStatistics {
  const stats = [...report];
  const find = <T>(schema: v.GenericSchema<unknown, T>, fits: (stat: T) => boolean = () => true): T | undefined => {
    for (const stat of stats) {
      const parsed = v.safeParse(schema, stat);
      if (parsed.success && fits(parsed.output)) return parsed.output;
    }
    return undefined;
  };
  const path = readPath(stats);
  const [inbound, remote, outbound] = [find(Inbound), find(RemoteInbound), find(Outbound)];
  const codec = find(Codec, ({ id }) => id === inbound?.codecId);
  // Negative where packets were counted twice.
  const lost = Math.max(0, inbound?.packetsLost ?? 0);
  const heard = inbound?.packetsReceived ?? 0;
  const sent = outbound?.packetsSent ?? 0;
  return {
    path,
    roundTripMs: remote?.roundTripTime === undefined ? (path?.roundTripMs ?? null) : remote.roundTripTime * 1_000,
    lossIn: heard + lost === 0 ? null : lost / (heard + lost),
    lossOut: remote === undefined || sent === 0 ? null : Math.min(1, Math.max(0, remote.packetsLost) / sent),
    jitterMs: inbound?.jitter === undefined ? null : inbound.jitter * 1_000,
    codec: codec?.mimeType.split("/")[1]?.toLowerCase() ?? null,
  };
}

/** Of media that is not WebRTC's: nothing is lost there, and it is not known how late it comes. */
export function socketStatistics(path: TransportPath | null): CallStatistics {
  const roundTripMs = path?.roundTripMs ?? null;
  return { path, roundTripMs, lossIn: null, lossOut: null, jitterMs: null, codec: path === null ? null : "pcm16" };
}
