/** TURN servers and their credentials. */
import { type ErrorEntry, entry } from "./entry.ts";

export const TURN_ERRORS = {
  turn_not_configured: entry(
    404,
    false,
    "This edge has no TURN server.",
    "Neither EDGERTC_TURN nor createApp's turn option nor the stream's rtcConfiguration names one.",
    "Go on without: most networks need none. The operator can set EDGERTC_TURN, see docs/turn.md.",
  ),
  turn_misconfigured: entry(
    500,
    false,
    "The edge's TURN configuration is incomplete.",
    "EDGERTC_TURN names a provider whose variables are missing or malformed.",
    "Set them: docs/turn.md lists which.",
  ),
  turn_refused: entry(
    502,
    false,
    "The TURN provider refused the edge.",
    "The key, token or account given to the edge is wrong, suspended or not allowed to make credentials.",
    "Check the provider's variables and account: docs/turn.md lists them.",
  ),
  turn_unavailable: entry(
    503,
    true,
    "The TURN provider gave no credentials.",
    "It did not answer in time, failed, or answered something that is no list of ICE servers.",
    "Try again; if it repeats, look at the edge's log and the provider's status page.",
  ),
  rate_limited: entry(
    429,
    true,
    "Too many requests.",
    "This address has asked more often than a client needs to.",
    "Wait for as long as Retry-After says.",
  ),
} as const satisfies Record<string, ErrorEntry>;
