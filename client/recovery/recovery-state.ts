/**
 * The state machine of getting a connection back: which state follows which event. Pure; recovery.ts acts on what it is taken to.
 */

/**
 * - `watching`: all is well, as far as can be told.
 * - `restarting`: the edge is asked for the way to a new path, again and again.
 * - `resuming`: another connection is up, and the node has been told how far we heard. It may have let go of the former, which counts
 *   for nothing until it has answered.
 * - `waiting`: that cannot be done. The connection may still heal by itself.
 * - `over`: the call is, or it has been given up.
 */
export type RecoveryState = "watching" | "restarting" | "resuming" | "waiting" | "over";

export type RecoveryEvent =
  /** Nothing arrives any more, or the browser says that nothing does. */
  | "trouble"
  /** The machine has another network than before. */
  | "network_changed"
  /** Something arrives again. */
  | "alive"
  /** The node has been told that another connection is to take the place of the one in use. */
  | "resuming"
  /** It has. */
  | "joined"
  /** The node does not answer that. */
  | "unanswered"
  /** Node or edge cannot restart it. */
  | "refused"
  | "closed";

const NEXT: Record<RecoveryState, Partial<Record<RecoveryEvent, RecoveryState>>> = {
  watching: { trouble: "restarting", network_changed: "restarting", refused: "waiting", closed: "over" },
  restarting: { alive: "watching", resuming: "resuming", refused: "waiting", closed: "over" },
  resuming: { joined: "watching", unanswered: "restarting", closed: "over" },
  waiting: { alive: "watching", closed: "over" },
  over: {},
};

/** The next state; the same where the event changes nothing. */
export function nextRecovery(state: RecoveryState, event: RecoveryEvent): RecoveryState {
  return NEXT[state][event] ?? state;
}
