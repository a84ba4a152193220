import { describe, expect, it } from "vitest";
import { INITIAL_LINK, type LinkSignal, type LinkState, nextLink, redialDelayMs } from "./link-machine.ts";

const SIGNALS: readonly LinkSignal[] = [
  { type: "dial_due" },
  { type: "opened" },
  { type: "welcomed" },
  { type: "lost" },
  { type: "stop" },
];

describe("nextLink", () => {
  it("dials, greets and resumes", () => {
    let state = INITIAL_LINK;
    const actions: string[] = [];
    for (const type of ["dial_due", "opened", "welcomed"] as const) {
      const step = nextLink(state, { type });
      state = step.state;
      actions.push(...step.actions);
    }
    expect(state).toEqual({ phase: "linked", failures: 0 });
    expect(actions).toEqual(["dial", "greet", "resume"]);
  });

  it("in every order of seven signals: a lost socket is always followed by a dial, a stopped link by nothing", () => {
    const explore = (state: LinkState, dialScheduled: boolean, depth: number): void => {
      // Whoever waits has a dial coming: nothing else would ever bring the node back.
      if (state.phase === "waiting") expect(dialScheduled).toBe(true);
      if (depth === 0) return;
      for (const signal of SIGNALS) {
        const step = nextLink(state, signal);
        if (state.phase === "stopped") expect(step).toEqual({ state, actions: [] });
        const scheduled = signal.type === "dial_due" ? false : dialScheduled;
        explore(step.state, scheduled || step.actions.includes("schedule_dial"), depth - 1);
      }
    };
    explore(INITIAL_LINK, true, 7);
  });
});

describe("redialDelayMs", () => {
  it("grows from 100 ms to 5 s, spread over the upper half", () => {
    expect(redialDelayMs(1, 0)).toBe(50);
    expect(redialDelayMs(1, 1)).toBe(100);
    expect(redialDelayMs(30, 1)).toBe(5_000);
    expect(redialDelayMs(30, 0)).toBe(2_500);
  });
});
