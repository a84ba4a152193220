/** A media node's life as one explicit state machine. Pure: {@link NodeLife} performs what it asks for. */

/**
 * - `serving`: takes sessions. `draining`: takes none; those it has may finish until the deadline.
 * - `ending`: those left were told to end, and have a moment to say goodbye. `closing`: no session is left, or will ever
 *   be; link and processes are being shut down. `ended`: final.
 */
export type LifeState =
  | { readonly phase: "serving" | "ending" | "closing" | "ended" }
  | { readonly phase: "draining"; readonly deadlineMs: number };

export type LifeSignal =
  /** SIGTERM, or the edge's command. A deadline later than one already set changes nothing. */
  | { readonly type: "drain"; readonly deadlineMs: number }
  /** A second signal, or a stop that waits for nobody. */
  | { readonly type: "hurry" }
  /** No session is left. */
  | { readonly type: "empty" }
  /** The timer of the present phase. */
  | { readonly type: "time_up" }
  | { readonly type: "closed" };

export type LifeAction = "refuse_sessions" | "arm_deadline" | "end_sessions" | "close" | "settle";

export interface LifeStep {
  readonly state: LifeState;
  readonly actions: readonly LifeAction[];
}

export const INITIAL_LIFE: LifeState = { phase: "serving" };

export function nextLife(state: LifeState, signal: LifeSignal): LifeStep {
  switch (state.phase) {
    case "serving":
      if (signal.type === "drain") return drain(signal.deadlineMs, "refuse_sessions", "arm_deadline");
      if (signal.type === "hurry") return to("ending", "refuse_sessions", "end_sessions");
      break;
    case "draining":
      if (signal.type === "drain" && signal.deadlineMs < state.deadlineMs) {
        return drain(signal.deadlineMs, "arm_deadline");
      }
      if (signal.type === "hurry" || signal.type === "time_up") return to("ending", "end_sessions");
      if (signal.type === "empty") return to("closing", "close");
      break;
    case "ending":
      if (signal.type === "empty" || signal.type === "time_up") return to("closing", "close");
      break;
    case "closing":
      if (signal.type === "closed") return to("ended", "settle");
      break;
    case "ended":
      break;
  }
  return { state, actions: [] };
}

function drain(deadlineMs: number, ...actions: LifeAction[]): LifeStep {
  return { state: { phase: "draining", deadlineMs }, actions };
}

function to(phase: Exclude<LifeState["phase"], "draining">, ...actions: LifeAction[]): LifeStep {
  return { state: { phase }, actions };
}
