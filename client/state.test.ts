import { describe, expect, it } from "vitest";
import { CallError } from "./errors.ts";
import { type CallEvent, type CallState, type CallStateName, IDLE, isFinal, nextState } from "./state.ts";

const error = new CallError("connection_lost");
const states: CallState[] = [
  IDLE,
  { name: "starting" },
  { name: "asking_microphone" },
  { name: "connecting" },
  { name: "queued", position: 2, estimatedWaitMs: null },
  { name: "connected" },
  { name: "interrupted" },
  { name: "ended", reason: "client_closed" },
  { name: "failed", error },
];
const events: CallEvent[] = [
  { type: "start" },
  { type: "ask_microphone" },
  { type: "negotiate" },
  { type: "queued", position: 1, estimatedWaitMs: 4_000 },
  { type: "connected" },
  { type: "interrupted" },
  { type: "ended", reason: "time_limit" },
  { type: "failed", error },
];

/** Every transition there is; anything that is not here changes nothing. */
const TRANSITIONS: Record<CallStateName, Partial<Record<CallEvent["type"], CallStateName>>> = {
  idle: { start: "starting", ended: "ended" },
  starting: { ask_microphone: "asking_microphone", negotiate: "connecting", ended: "ended", failed: "failed" },
  asking_microphone: { negotiate: "connecting", ended: "ended", failed: "failed" },
  connecting: { queued: "queued", connected: "connected", ended: "ended", failed: "failed" },
  queued: { queued: "queued", negotiate: "connecting", ended: "ended", failed: "failed" },
  connected: { queued: "queued", interrupted: "interrupted", ended: "ended", failed: "failed" },
  interrupted: { queued: "queued", connected: "connected", ended: "ended", failed: "failed" },
  ended: {},
  failed: {},
};

describe("the state machine of a call", () => {
  for (const state of states) {
    for (const event of events) {
      const to = TRANSITIONS[state.name][event.type];
      it(to ? `goes from ${state.name} to ${to} on ${event.type}` : `ignores ${event.type} in ${state.name}`, () => {
        const next = nextState(state, event);
        if (to === undefined) expect(next).toBe(state);
        else expect(next.name).toBe(to);
      });
    }
  }

  it("keeps why the call ended", () => {
    expect(nextState({ name: "connected" }, { type: "ended", reason: "time_limit" })).toEqual({
      name: "ended",
      reason: "time_limit",
    });
    expect(nextState({ name: "connecting" }, { type: "failed", error })).toEqual({ name: "failed", error });
  });

  it("keeps the place in line", () => {
    const place = { position: 2, estimatedWaitMs: 4_000 };
    expect(nextState({ name: "connecting" }, { type: "queued", ...place })).toEqual({ name: "queued", ...place });
  });

  it("has two final states, which nothing leaves", () => {
    expect(states.filter(isFinal).map((state) => state.name)).toEqual(["ended", "failed"]);
  });
});
