import { describe, expect, it } from "vitest";
import { nextSession, type SessionSignal, type SessionState } from "./session-machine.ts";

const SIGNALS: readonly SessionSignal[] = [
  { type: "answered" },
  { type: "connected" },
  { type: "channel_open" },
  { type: "close_requested" },
  { type: "over", reason: "client_closed" },
];

describe("nextSession", () => {
  it("starts the handler only once connected and the data channel is open", () => {
    let state: SessionState = { phase: "answering" };
    const actions: string[] = [];
    for (const type of ["answered", "channel_open", "connected", "channel_open"] as const) {
      const step = nextSession(state, { type });
      state = step.state;
      actions.push(...step.actions);
    }
    expect(state).toEqual({ phase: "live" });
    expect(actions).toEqual(["report_connected", "start_handler"]);
  });

  it("in every order of six signals: tears down once, reports and starts at most once, and stays ended", () => {
    const explore = (state: SessionState, counts: Readonly<Record<string, number>>, depth: number): void => {
      for (const [action, count] of Object.entries(counts)) expect(count, action).toBe(1);
      if (state.phase === "ended") {
        expect(counts["tear_down"]).toBe(1);
        for (const signal of SIGNALS) expect(nextSession(state, signal)).toEqual({ state, actions: [] });
        return;
      }
      if (depth === 0) return;
      for (const signal of SIGNALS) {
        const step = nextSession(state, signal);
        const next = { ...counts };
        for (const action of step.actions) next[action] = (next[action] ?? 0) + 1;
        explore(step.state, next, depth - 1);
      }
    };
    explore({ phase: "answering" }, {}, 6);
  });
});
