import { describe, expect, it } from "vitest";
import { nextRecovery, type RecoveryEvent, type RecoveryState } from "./recovery-state.ts";

const EVENTS: readonly RecoveryEvent[] = [
  "trouble",
  "network_changed",
  "alive",
  "resuming",
  "joined",
  "unanswered",
  "refused",
  "closed",
];

/** Every transition there is; anything that is not here changes nothing. */
const TRANSITIONS: Record<RecoveryState, Partial<Record<RecoveryEvent, RecoveryState>>> = {
  watching: { trouble: "restarting", network_changed: "restarting", refused: "waiting", closed: "over" },
  restarting: { alive: "watching", resuming: "resuming", refused: "waiting", closed: "over" },
  resuming: { joined: "watching", unanswered: "restarting", closed: "over" },
  waiting: { alive: "watching", closed: "over" },
  over: {},
};

describe("the state machine of a recovery", () => {
  for (const state of ["watching", "restarting", "resuming", "waiting", "over"] as const) {
    for (const event of EVENTS) {
      const to = TRANSITIONS[state][event];
      it(to ? `goes from ${state} to ${to} on ${event}` : `ignores ${event} in ${state}`, () => {
        expect(nextRecovery(state, event)).toBe(to ?? state);
      });
    }
  }
});
