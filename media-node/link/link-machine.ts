/** The node link's life as one explicit state machine. Pure: {@link NodeLink} performs what it asks for. */

/**
 * - `waiting`: for the next dial. `dialling`: the socket is being opened. `greeting`: hello was sent.
 * - `linked`: welcomed. `leaving`: the edge was told goodbye, and finishes the closing handshake. `stopped`: final.
 */
export type LinkPhase = "waiting" | "dialling" | "greeting" | "linked" | "leaving" | "stopped";

export interface LinkState {
  readonly phase: LinkPhase;
  /** Dials that failed in a row. */
  readonly failures: number;
}

export type LinkSignal =
  | { readonly type: "dial_due" }
  | { readonly type: "opened" }
  | { readonly type: "welcomed" }
  /** The socket closed, failed, or has been silent for too long. */
  | { readonly type: "lost" }
  | { readonly type: "stop" };

export type LinkAction = "dial" | "greet" | "resume" | "say_goodbye" | "drop_socket" | "schedule_dial";

export interface LinkStep {
  readonly state: LinkState;
  readonly actions: readonly LinkAction[];
}

export const INITIAL_LINK: LinkState = { phase: "waiting", failures: 0 };

export function nextLink(state: LinkState, signal: LinkSignal): LinkStep {
  if (state.phase === "stopped") return { state, actions: [] };
  switch (signal.type) {
    case "stop":
      if (state.phase === "linked") return go(state, "leaving", "say_goodbye");
      return go(state, "stopped", "drop_socket");
    case "dial_due":
      return state.phase === "waiting" ? go(state, "dialling", "dial") : { state, actions: [] };
    case "opened":
      return state.phase === "dialling" ? go(state, "greeting", "greet") : { state, actions: [] };
    case "welcomed":
      return state.phase === "greeting"
        ? { state: { phase: "linked", failures: 0 }, actions: ["resume"] }
        : { state, actions: [] };
    case "lost":
      if (state.phase === "waiting") return { state, actions: [] };
      if (state.phase === "leaving") return go(state, "stopped", "drop_socket");
      return { state: { phase: "waiting", failures: state.failures + 1 }, actions: ["drop_socket", "schedule_dial"] };
  }
}

function go(state: LinkState, phase: LinkPhase, ...actions: LinkAction[]): LinkStep {
  return { state: { ...state, phase }, actions };
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/**
 * Wait before the next dial: exponential from 100 ms to 5 s, with full jitter on the upper half, so that a fleet whose edge
 * restarted does not come back as one.
 * @param random in 0…1.
 */
export function redialDelayMs(failures: number, random: number): number {
  const ceilingMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1));
  return ceilingMs * (0.5 + random / 2);
}
