import { describe, expect, it } from "vitest";
import { NODE_LOST_MS, NODE_REDIAL_GRACE_MS, NODE_SUSPECT_MS } from "../../shared/link.ts";
import { judge, lostAfterClose, type NodeFacts, SUSPECT_CHECK_MS } from "./liveness.ts";

const NOW = 1_000_000;
const facts = (overrides: Partial<NodeFacts>): NodeFacts => ({
  state: "up",
  changedMs: NOW - 60_000,
  lostAtMs: null,
  lastWordMs: null,
  startedMs: NOW - 120_000,
  ...overrides,
});

describe("a node with an open socket", () => {
  it("is up while it speaks, and looked at again when it could be suspect", () => {
    const lastWordMs = NOW - NODE_SUSPECT_MS + 1;
    expect(judge(facts({ lastWordMs }), NOW)).toEqual({ state: "up", lostAtMs: null, checkAtMs: NOW + 1 });
  });

  it("is suspect after five seconds of silence, and looked at often", () => {
    const judgement = judge(facts({ lastWordMs: NOW - NODE_SUSPECT_MS }), NOW);
    expect(judgement).toMatchObject({ state: "suspect", checkAtMs: NOW + SUSPECT_CHECK_MS });
  });

  it("is up again with its next word", () => {
    expect(judge(facts({ state: "suspect", lastWordMs: NOW - 100 }), NOW).state).toBe("up");
  });

  it("is lost after twenty seconds of silence, for good", () => {
    const lost = judge(facts({ state: "suspect", lastWordMs: NOW - NODE_LOST_MS }), NOW);
    expect(lost).toEqual({ state: "lost", lostAtMs: null, checkAtMs: null });
    expect(judge(facts({ state: "lost", lastWordMs: NOW }), NOW).state).toBe("lost");
  });
});

describe("a node without a socket", () => {
  it("is suspect until the time to redial is over, then lost", () => {
    const lostAtMs = lostAfterClose(NOW);
    const closed = facts({ state: "suspect", changedMs: NOW, lostAtMs });
    expect(judge(closed, lostAtMs - 1)).toEqual({ state: "suspect", lostAtMs, checkAtMs: lostAtMs });
    expect(judge(closed, lostAtMs).state).toBe("lost");
  });

  it("whose socket went while the object was down has the long time, counted from the object's start", () => {
    const startedMs = NOW;
    expect(judge(facts({ startedMs }), NOW)).toMatchObject({ state: "suspect", lostAtMs: NOW + NODE_LOST_MS });
    expect(judge(facts({ startedMs }), NOW + NODE_LOST_MS).state).toBe("lost");
  });

  it("is lost after the long time, however often the object is restarted", () => {
    const changedMs = NOW;
    let closed = facts({ state: "suspect", changedMs, lostAtMs: lostAfterClose(NOW), startedMs: NOW - 1 });
    for (let nowMs = NOW; nowMs < NOW + NODE_LOST_MS; nowMs += 1_000) {
      closed = { ...closed, startedMs: nowMs };
      const judgement = judge(closed, nowMs);
      expect(judgement.state).toBe("suspect");
      closed = { ...closed, lostAtMs: judgement.lostAtMs };
    }
    expect(judge({ ...closed, startedMs: NOW + NODE_LOST_MS }, NOW + NODE_LOST_MS).state).toBe("lost");
  });

  it("has its time to redial anew if the object was restarted in it", () => {
    const closed = facts({ state: "suspect", changedMs: NOW - 4_000, lostAtMs: NOW + 1_000, startedMs: NOW });
    expect(judge(closed, NOW + 1_000)).toMatchObject({ state: "suspect", lostAtMs: NOW + NODE_REDIAL_GRACE_MS });
  });
});
