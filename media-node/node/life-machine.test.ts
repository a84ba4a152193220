import { describe, expect, it } from "vitest";
import { INITIAL_LIFE, type LifeSignal, type LifeState, nextLife } from "./life-machine.ts";

const SIGNALS: readonly LifeSignal[] = [
  { type: "drain", deadlineMs: 100 },
  { type: "drain", deadlineMs: 50 },
  { type: "hurry" },
  { type: "empty" },
  { type: "time_up" },
  { type: "closed" },
];

/** Every way through the machine of up to `depth` signals. */
function explore(depth: number, visit: (states: LifeState[], actions: string[]) => void): void {
  const walk = (states: LifeState[], actions: string[]): void => {
    visit(states, actions);
    if (states.length > depth) return;
    for (const signal of SIGNALS) {
      const step = nextLife(states.at(-1) ?? INITIAL_LIFE, signal);
      walk([...states, step.state], [...actions, ...step.actions]);
    }
  };
  walk([INITIAL_LIFE], []);
}

describe("nextLife", () => {
  it("in every order of six signals: goes forward only, and does everything at most once", () => {
    const order = ["serving", "draining", "ending", "closing", "ended"];
    explore(6, (states, actions) => {
      const places = states.map(({ phase }) => order.indexOf(phase));
      expect(places).toEqual(places.toSorted());
      for (const once of ["refuse_sessions", "end_sessions", "close", "settle"]) {
        expect(actions.filter((action) => action === once).length).toBeLessThanOrEqual(1);
      }
    });
  });

  it("refuses sessions before anything else, and closes before it settles", () => {
    explore(6, (_, actions) => {
      if (actions.length > 0) expect(actions[0]).toBe("refuse_sessions");
      if (actions.includes("settle")) expect(actions.indexOf("close")).toBeLessThan(actions.indexOf("settle"));
    });
  });

  it("keeps the earlier of two deadlines", () => {
    const first = nextLife(INITIAL_LIFE, { type: "drain", deadlineMs: 100 }).state;
    expect(nextLife(first, { type: "drain", deadlineMs: 200 })).toEqual({ state: first, actions: [] });
    expect(nextLife(first, { type: "drain", deadlineMs: 50 }).state).toEqual({ phase: "draining", deadlineMs: 50 });
  });
});
