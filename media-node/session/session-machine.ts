/** A session's life as one explicit state machine. Pure: the {@link Session} performs what it asks for. */
import type { EndReason } from "../../shared/session.ts";

/**
 * - `answering`: the offer is being answered. `connecting`: ICE and DTLS run.
 * - `connected`: media could flow, the client has not opened its data channel yet. `live`: the handler runs.
 * - `closing`: the handler is done; what is queued is still played and the client told.
 * - `ended`: for the given reason; final.
 */
export type SessionState =
  | { readonly phase: "answering" | "connecting" | "connected" | "live" | "closing" }
  | { readonly phase: "ended"; readonly reason: EndReason };

export type SessionSignal =
  | { readonly type: "answered" }
  | { readonly type: "connected" }
  | { readonly type: "channel_open" }
  /** The handler yielded CloseStream. */
  | { readonly type: "close_requested" }
  /** Connection lost, time up, told to end, offer failed, …: the session is over. */
  | { readonly type: "over"; readonly reason: EndReason };

export type SessionAction = "report_connected" | "start_handler" | "begin_closing" | "tear_down";

export interface SessionStep {
  readonly state: SessionState;
  readonly actions: readonly SessionAction[];
}

export function nextSession(state: SessionState, signal: SessionSignal): SessionStep {
  if (state.phase === "ended") return { state, actions: [] };
  if (signal.type === "over") return { state: { phase: "ended", reason: signal.reason }, actions: ["tear_down"] };
  const { phase } = state;
  if (phase === "answering" && signal.type === "answered") return to("connecting");
  // A fast client is connected before its answer's promise has settled here.
  if ((phase === "answering" || phase === "connecting") && signal.type === "connected") {
    return to("connected", "report_connected");
  }
  if (phase === "connected" && signal.type === "channel_open") return to("live", "start_handler");
  if (phase === "live" && signal.type === "close_requested") return to("closing", "begin_closing");
  return { state, actions: [] };
}

function to(phase: Exclude<SessionState["phase"], "ended">, ...actions: SessionAction[]): SessionStep {
  return { state: { phase }, actions };
}
