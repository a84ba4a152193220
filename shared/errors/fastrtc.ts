/** FastRTC's own codes, identical on the wire. */
import { type ErrorEntry, entry } from "./entry.ts";

export const FASTRTC_ERRORS = {
  unknown_connection: entry(
    200,
    true,
    "No such connection.",
    "The candidate names a session the edge does not know yet, or no longer.",
    "Nothing, before the offer: the candidate is kept for it. After the call ended, make a new one.",
  ),
  invalid_candidate_format: entry(
    200,
    false,
    "The ICE candidate is malformed.",
    "It does not start with `candidate:` or has fewer than ten fields.",
    "Send RTCIceCandidate.toJSON() as the browser gives it.",
  ),
  connection_closed: entry(
    200,
    false,
    "The connection is closed.",
    "The session behind this id has ended.",
    "Make a new call.",
  ),
  connection_already_exists: entry(
    200,
    false,
    "A call with this id is already running.",
    "Two offers used the same webrtc_id.",
    "Use a fresh random webrtc_id for each call.",
  ),
  concurrency_limit_reached: entry(
    200,
    true,
    "All lines are busy.",
    "The stream's concurrencyLimit is in use.",
    "Try again shortly, or raise concurrencyLimit on the stream.",
  ),
} as const satisfies Record<string, ErrorEntry>;
