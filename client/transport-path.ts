/** Which way media goes; with WebRTC, read from its statistics. Loaded only where somebody asks. */
import * as v from "valibot";

export interface TransportPath {
  readonly transport: "webrtc" | "websocket";
  /** Of the way to the node, or to the TURN server where there is one between. */
  readonly protocol: "udp" | "tcp";
  /** Whether a TURN server relays. */
  readonly relayed: boolean;
  readonly roundTripMs: number | null;
}

const Pair = v.object({
  type: v.literal("candidate-pair"),
  nominated: v.literal(true),
  state: v.literal("succeeded"),
  localCandidateId: v.string(),
  currentRoundTripTime: v.optional(v.number()),
});

const Candidate = v.object({
  type: v.literal("local-candidate"),
  id: v.string(),
  candidateType: v.string(),
  protocol: v.picklist(["udp", "tcp"]),
});

/** @param report the values of an `RTCStatsReport`. */
export function readPath(report: Iterable<unknown>): TransportPath | null {
  const stats = [...report];
  const pair = stats.map((stat) => v.safeParse(Pair, stat)).find((parsed) => parsed.success)?.output;
  const local = stats
    .map((stat) => v.safeParse(Candidate, stat))
    .find((parsed) => parsed.success && parsed.output.id === pair?.localCandidateId);
  if (!v.is(Pair, pair) || local?.success !== true) return null;
  const { currentRoundTripTime: roundTripSeconds } = pair;
  return {
    transport: "webrtc",
    protocol: local.output.protocol,
    relayed: local.output.candidateType === "relay",
    roundTripMs: roundTripSeconds === undefined ? null : roundTripSeconds * 1_000,
  };
}
