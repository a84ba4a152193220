import { describe, expect, it } from "vitest";
import { turnWarning } from "./turn-warning.ts";

const bare = { rtcConfiguration: null };
const relayed = { rtcConfiguration: { iceServers: [{ urls: ["stun:a", "turn:a"] }] } };
const stunOnly = { rtcConfiguration: { iceServers: [{ urls: "stun:a" }] } };

describe("at the start of a node", () => {
  it.each([
    ["a stream without", [bare]],
    ["a stream with STUN only", [stunOnly]],
    ["one stream of several without", [relayed, bare]],
  ])("a public edge without TURN is warned of: %s", (_, streams) => {
    expect(turnWarning({ isPublic: true, clientsHaveTurn: false, streams })).toContain("EDGERTC_TURN");
  });

  it.each([
    ["a local edge", { isPublic: false, clientsHaveTurn: false, streams: [bare] }],
    ["an edge with TURN", { isPublic: true, clientsHaveTurn: true, streams: [bare] }],
    ["streams that bring their own", { isPublic: true, clientsHaveTurn: false, streams: [relayed] }],
    ["an edge that could not be asked", { isPublic: true, clientsHaveTurn: null, streams: [bare] }],
  ])("%s is not", (_, situation) => {
    expect(turnWarning(situation)).toBeNull();
  });
});
