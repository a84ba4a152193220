import { describe, expect, it } from "vitest";
import { checkCandidate } from "./candidate.ts";

const host = "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host generation 0 ufrag abcd";

describe("checkCandidate", () => {
  it("takes what browsers send", () => {
    expect(checkCandidate({ candidate: host, sdpMid: "0", sdpMLineIndex: 0 })).toMatchObject({ ok: true });
  });

  it.each([
    ["nothing", null, "'NoneType' object has no attribute 'get'"],
    ["a missing candidate", undefined, "'NoneType' object has no attribute 'get'"],
    ["the empty end-of-candidates string", { candidate: "", sdpMid: "0" }, "invalid_candidate_format"],
    [
      "a bare line of eight fields",
      { candidate: "candidate:1 1 udp 1 192.0.2.1 5 typ host", sdpMid: "0" },
      "invalid_candidate_format",
    ],
    ["another prefix", { candidate: `a=${host}`, sdpMid: "0" }, "invalid_candidate_format"],
    ["a candidate that is no string", { candidate: 7, sdpMid: "0" }, "invalid_candidate_format"],
    [
      "a port that is no number",
      { candidate: host.replace("50000", "x"), sdpMid: "0" },
      "invalid literal for int() with base 10: 'x'",
    ],
    ["neither sdpMid nor sdpMLineIndex", { candidate: host }, "Candidate must have either sdpMid or sdpMLineIndex"],
  ])("refuses %s in FastRTC's words", (_, raw, error) => {
    expect(checkCandidate(raw)).toEqual({ ok: false, error });
  });
});
