import { describe, expect, it } from "vitest";
import { readPath } from "./transport-path.ts";

const pair = {
  type: "candidate-pair",
  id: "P1",
  nominated: true,
  state: "succeeded",
  localCandidateId: "L2",
  currentRoundTripTime: 0.012,
};
const candidates = [
  { type: "local-candidate", id: "L1", candidateType: "host", protocol: "udp" },
  { type: "local-candidate", id: "L2", candidateType: "relay", protocol: "tcp" },
];

describe("the path of media", () => {
  it("is the nominated pair's", () => {
    const failed = { ...pair, id: "P0", state: "failed", localCandidateId: "L1" };
    expect(readPath([{ type: "codec" }, failed, pair, ...candidates])).toEqual({
      transport: "webrtc",
      protocol: "tcp",
      relayed: true,
      roundTripMs: 12,
    });
  });

  it("has no round trip before the first one was measured", () => {
    const { currentRoundTripTime: _, ...fresh } = pair;
    expect(readPath([fresh, ...candidates])?.roundTripMs).toBeNull();
  });

  it("is unknown before a pair is nominated", () => {
    expect(readPath([{ ...pair, nominated: false }, ...candidates])).toBeNull();
    expect(readPath([])).toBeNull();
  });
});
