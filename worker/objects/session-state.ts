/**
 * Where a session is, as its object knows it. The ledger and the node hold the truth: after an eviction the object is
 * `cold` and asks. All transitions are here.
 */

/** A session's place: which incarnation, on which run of which node. */
export interface Placed {
  readonly sid: string;
  readonly nodeId: string;
  readonly epoch: number;
}

/**
 * - `cold`: nothing known; the object was just made, or evicted.
 * - `new`: the ledger knows no session of this client id; candidates are kept for an offer.
 * - `admitting`: an offer asks for a lease.
 * - `offered`: it has one, and the node is asked for the answer.
 * - `answered`: the node has the session; the object only passes candidates on.
 * - `ended`: the node, or the ledger, said that it is over. Another offer may follow.
 */
export type SessionState =
  | { readonly at: "cold" }
  | { readonly at: "new" }
  | { readonly at: "admitting"; readonly sid: string; readonly before: Resting }
  | ({ readonly at: "offered" } & Placed)
  | ({ readonly at: "answered" } & Placed)
  | { readonly at: "ended" };

/** States in which no offer is under way. */
type Resting = Exclude<SessionState, { readonly at: "admitting" | "offered" }>;

export type SessionEvent =
  | { readonly event: "found_lease"; readonly placed: Placed }
  | { readonly event: "found_ended" }
  | { readonly event: "found_nothing" }
  | { readonly event: "offer"; readonly sid: string }
  /** The ledger refused. `taken`: because a session of this client id is running. */
  | { readonly event: "refused"; readonly taken: boolean }
  | { readonly event: "placed"; readonly placed: Placed }
  | { readonly event: "answer" }
  | { readonly event: "failed" }
  | { readonly event: "closed" }
  /** Its node's run is no longer the one that the object knew: the ledger knows better. */
  | { readonly event: "lost_sight" };

export const COLD: SessionState = { at: "cold" };

/** @throws if the event makes no sense in the state: a fault in this program, not in anybody's message. */
export function next(state: SessionState, event: SessionEvent): SessionState {
  switch (event.event) {
    case "found_lease":
      return state.at === "cold" ? { at: "answered", ...event.placed } : state;
    case "found_ended":
      return state.at === "cold" ? { at: "ended" } : state;
    case "found_nothing":
      return state.at === "cold" ? { at: "new" } : state;
    case "offer":
      if (state.at === "admitting" || state.at === "offered") throw illegal(state, event);
      return { at: "admitting", sid: event.sid, before: state };
    case "refused":
      if (state.at === "offered") return { at: "new" };
      if (state.at !== "admitting") throw illegal(state, event);
      // Whatever was known of a session that is running stays true; else the ledger is asked when it matters.
      return event.taken && state.before.at === "answered" ? state.before : COLD;
    case "placed":
      if (state.at !== "admitting" && state.at !== "offered") throw illegal(state, event);
      return { at: "offered", ...event.placed };
    case "answer":
      if (state.at !== "offered") throw illegal(state, event);
      return { ...state, at: "answered" };
    case "failed":
      return { at: "new" };
    case "closed":
      return state.at === "answered" ? { at: "ended" } : state;
    case "lost_sight":
      return state.at === "answered" ? COLD : state;
  }
}

function illegal(state: SessionState, event: SessionEvent): Error {
  return new Error(`session: ${event.event} while ${state.at}`);
}
