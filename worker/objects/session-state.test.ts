import { describe, expect, it } from "vitest";
import { COLD, next, type SessionEvent, type SessionState } from "./session-state.ts";

const placed = { sid: "s1", nodeId: "a", epoch: 1 };
const run = (events: SessionEvent[], from: SessionState = COLD) => events.reduce(next, from);

describe("a session", () => {
  it("goes from nothing to answered", () => {
    const state = run([{ event: "offer", sid: "s1" }, { event: "placed", placed }, { event: "answer" }]);
    expect(state).toEqual({ at: "answered", ...placed });
  });

  it("follows a lease that is placed elsewhere", () => {
    const moved = { ...placed, nodeId: "b" };
    const events: SessionEvent[] = [
      { event: "placed", placed },
      { event: "placed", placed: moved },
    ];
    expect(run([{ event: "offer", sid: "s1" }, ...events])).toMatchObject({ at: "offered", nodeId: "b" });
  });

  it("that is answered stays so when a second offer is refused because of it", () => {
    const answered: SessionState = { at: "answered", ...placed };
    expect(
      run(
        [
          { event: "offer", sid: "s2" },
          { event: "refused", taken: true },
        ],
        answered,
      ),
    ).toEqual(answered);
  });

  it("asks the ledger again after any other refusal", () => {
    expect(
      run([
        { event: "offer", sid: "s2" },
        { event: "refused", taken: false },
      ]),
    ).toEqual(COLD);
  });

  it("is new again when its offer failed", () => {
    expect(run([{ event: "offer", sid: "s1" }, { event: "placed", placed }, { event: "failed" }])).toEqual({
      at: "new",
    });
  });

  it("takes what a look-up found only while it knows nothing better", () => {
    expect(next(COLD, { event: "found_lease", placed })).toMatchObject({ at: "answered" });
    expect(next(COLD, { event: "found_ended" })).toEqual({ at: "ended" });
    expect(next(COLD, { event: "found_nothing" })).toEqual({ at: "new" });
    const admitting = next(COLD, { event: "offer", sid: "s1" });
    expect(next(admitting, { event: "found_nothing" })).toBe(admitting);
  });

  it("does not take two offers at once", () => {
    const admitting = next(COLD, { event: "offer", sid: "s1" });
    expect(() => next(admitting, { event: "offer", sid: "s2" })).toThrow("offer while admitting");
    expect(() => next(COLD, { event: "answer" })).toThrow("answer while cold");
  });
});
