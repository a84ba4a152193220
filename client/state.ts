/**
 * The state machine of a call: which states there are and which event leads where. Pure: it starts nothing and stops
 * nothing; `call.ts` acts on the states it is taken to.
 */
import type { EndReason } from "../shared/session.ts";
import type { CallError } from "./errors.ts";

/** A place in line. */
export interface Place {
  /** 1 is next. */
  readonly position: number;
  /** Null while the edge knows nothing to go by. */
  readonly estimatedWaitMs: number | null;
}

export type CallState =
  | { readonly name: "idle" }
  /** Asking the edge what the stream is. */
  | { readonly name: "starting" }
  | { readonly name: "asking_microphone" }
  | { readonly name: "connecting" }
  /** Every line is taken, or its time is up: it waits for one. Again whenever the place has changed. */
  | ({ readonly name: "queued" } & Place)
  | { readonly name: "connected" }
  /** Media stopped; the connection may come back by itself. */
  | { readonly name: "interrupted" }
  | { readonly name: "ended"; readonly reason: EndReason }
  | { readonly name: "failed"; readonly error: CallError };

export type CallStateName = CallState["name"];

export type CallEvent =
  | { readonly type: "start" }
  | { readonly type: "ask_microphone" }
  | { readonly type: "negotiate" }
  | ({ readonly type: "queued" } & Place)
  | { readonly type: "connected" }
  | { readonly type: "interrupted" }
  | { readonly type: "ended"; readonly reason: EndReason }
  | { readonly type: "failed"; readonly error: CallError };

/** From which states an event is followed; in all others it changes nothing. */
const FROM: Record<CallEvent["type"], readonly CallStateName[]> = {
  start: ["idle"],
  ask_microphone: ["starting"],
  // A stream that only sends to the client needs no microphone.
  negotiate: ["starting", "asking_microphone", "queued"],
  // Once it was connected: its time is up, and it is in line again.
  queued: ["connecting", "queued", "connected", "interrupted"],
  connected: ["connecting", "interrupted"],
  interrupted: ["connected"],
  ended: ["idle", "starting", "asking_microphone", "connecting", "queued", "connected", "interrupted"],
  failed: ["starting", "asking_microphone", "connecting", "queued", "connected", "interrupted"],
};

export const IDLE: CallState = { name: "idle" };

/** The next state, or the very same object where the event does not apply. */
export function nextState(state: CallState, event: CallEvent): CallState {
  if (!FROM[event.type].includes(state.name)) return state;
  switch (event.type) {
    case "start":
      return { name: "starting" };
    case "ask_microphone":
      return { name: "asking_microphone" };
    case "negotiate":
      return { name: "connecting" };
    case "queued":
      return { name: "queued", position: event.position, estimatedWaitMs: event.estimatedWaitMs };
    case "connected":
      return { name: "connected" };
    case "interrupted":
      return { name: "interrupted" };
    case "ended":
      return { name: "ended", reason: event.reason };
    case "failed":
      return { name: "failed", error: event.error };
  }
}

/** True once nothing more can happen to the call. */
export function isFinal(state: CallState): boolean {
  return state.name === "ended" || state.name === "failed";
}
