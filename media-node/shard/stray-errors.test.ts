import { describe, expect, it } from "vitest";
import { inContext } from "../handlers/current-context.ts";
import { blankContext } from "../handlers/testing/blank-context.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { StrayErrors } from "./stray-errors.ts";

function rig() {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const note = (what: string) => (error: unknown) => seen.push(`${what}: ${String(error)}`);
  const stray = new StrayErrors({ clock, onRejection: note("rejection"), onFault: note("fault") });
  const session = (name: string) =>
    blankContext({ send: (message) => seen.push(`${name}: ${"message" in message ? message.message : message.type}`) });
  return { clock, seen, stray, session };
}

describe("row 54: what a handler's code throws outside of any call", () => {
  it("is told to the session that it ran for, and to no other", () => {
    const { seen, stray, session } = rig();
    inContext(session("a"), () => stray.thrown(new Error("timer")));
    inContext(session("b"), () => stray.rejected("promise"));
    expect(seen).toEqual(["a: timer", "b: promise"]);
  });

  it("ends the process where it was no session's, unless it is a promise", () => {
    const { seen, stray } = rig();
    stray.thrown(new Error("ours"));
    stray.rejected(new Error("late"));
    expect(seen).toEqual(["fault: Error: ours", "rejection: Error: late"]);
  });

  it.each(["a session's", "nobody's"])("floods nobody, where it is %s", (whose) => {
    const { clock, seen, stray, session } = rig();
    const context = session("a");
    for (let n = 0; n < 1_000; n++) {
      if (whose === "nobody's") stray.rejected(new Error("again"));
      else inContext(context, () => stray.thrown(new Error("again")));
      clock.advance(10);
    }
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.length).toBeLessThanOrEqual(16);
  });
});
