import { describe, expect, it } from "vitest";
import { readStatistics, socketStatistics } from "./statistics.ts";

const report = [
  {
    type: "candidate-pair",
    id: "P",
    nominated: true,
    state: "succeeded",
    localCandidateId: "L",
    currentRoundTripTime: 0.05,
  },
  { type: "local-candidate", id: "L", candidateType: "host", protocol: "udp" },
  { type: "codec", id: "C1", mimeType: "video/VP8" },
  { type: "codec", id: "C2", mimeType: "audio/opus" },
  { type: "inbound-rtp", kind: "audio", packetsReceived: 95, packetsLost: 5, jitter: 0.004, codecId: "C2" },
  { type: "outbound-rtp", kind: "audio", packetsSent: 200 },
  { type: "remote-inbound-rtp", kind: "audio", packetsLost: 2, roundTripTime: 0.031 },
];

describe("the statistics of a call", () => {
  it("are the figures that an application shows", () => {
    expect(readStatistics(report)).toEqual({
      path: { transport: "webrtc", protocol: "udp", relayed: false, roundTripMs: 50 },
      roundTripMs: 31,
      lossIn: 0.05,
      lossOut: 0.01,
      jitterMs: 4,
      codec: "opus",
    });
  });

  it("have the path's round trip before the node has reported, and null for what is not known", () => {
    expect(readStatistics(report.slice(0, 2))).toEqual({
      path: { transport: "webrtc", protocol: "udp", relayed: false, roundTripMs: 50 },
      roundTripMs: 50,
      lossIn: null,
      lossOut: null,
      jitterMs: null,
      codec: null,
    });
    expect(readStatistics([])).toMatchObject({ path: null, roundTripMs: null });
  });

  it("never say that less than nothing was lost", () => {
    const twice = report.map((stat) => ("packetsLost" in stat ? { ...stat, packetsLost: -3 } : stat));
    expect(readStatistics(twice)).toMatchObject({ lossIn: 0, lossOut: 0 });
  });

  it("over a WebSocket are its round trip", () => {
    const path = { transport: "websocket", protocol: "tcp", relayed: false, roundTripMs: 20 } as const;
    expect(socketStatistics(path)).toMatchObject({ path, roundTripMs: 20, lossIn: null, codec: "pcm16" });
    expect(socketStatistics(null).codec).toBeNull();
  });
});
