/** Media over a WebSocket. */
import { type ErrorEntry, entry } from "./entry.ts";

export const WEBSOCKET_ERRORS = {
  websocket_required: entry(
    426,
    false,
    "This is a WebSocket.",
    "The request does not ask for the protocol to be upgraded.",
    "Open it with `new WebSocket(…)`; a proxy in between must pass upgrades on.",
  ),
  websocket_not_supported: entry(
    400,
    false,
    "The stream has no WebSocket.",
    "A WebSocket carries audio; the stream's modality has video.",
    "Call it over WebRTC: POST …/webrtc/offer.",
  ),
  socket_message_invalid: entry(
    400,
    false,
    "The message is not understood.",
    "It is not JSON with an `event`, or the event lacks what belongs to it, or it is binary where that was not agreed on.",
    "docs/websocket.md has the messages. The first is `start`, with a `websocket_id`.",
  ),
  socket_audio_dropped: entry(
    429,
    false,
    "Audio was dropped.",
    "It comes much faster than it was spoken.",
    "Send it at the rate at which it is to be heard.",
  ),
} as const satisfies Record<string, ErrorEntry>;
