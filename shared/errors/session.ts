/** In a session, sent on the data channel. */
import { type ErrorEntry, entry } from "./entry.ts";

export const SESSION_ERRORS = {
  handler_failed: entry(
    500,
    true,
    "The handler failed.",
    "The stream's code threw; the session goes on.",
    "See the node's log for the stack.",
  ),
  handler_timeout: entry(
    504,
    true,
    "The handler took too long.",
    "The stream's code gave nothing for longer than its replyTimeoutMs, or frameTimeoutMs for video; the session goes on.",
    "Pass the signal to what it waits for, give that a timeout of its own, or raise the limit.",
  ),
  handler_stopped: entry(
    500,
    true,
    "The handler crashed.",
    "The stream's video code, or something native that it uses, ended its thread or process; it is started anew, the session goes on.",
    "See the node's log for the cause. What the code kept in memory is gone; what it kept in files or services is not.",
  ),
  chunks_dropped: entry(
    503,
    true,
    "Audio was skipped.",
    "The stream's function takes longer for a chunk than the chunk is, so the oldest that wait are dropped.",
    "Make the function faster, or its chunks longer with streamEvery.",
  ),
  message_too_large: entry(
    413,
    false,
    "The message is too large.",
    "Data channel messages are bounded.",
    "Send less per message.",
  ),
  too_many_messages: entry(
    429,
    true,
    "Too many messages.",
    "A call's data channel takes a bounded number of messages a second; those past it are dropped.",
    "Send less often: the handler reads the latest anyway.",
  ),
  output_too_large: entry(
    413,
    false,
    "An additional output is too large.",
    "Outputs are bounded, as they are kept for clients that come back.",
    "Yield less per AdditionalOutputs, or a URL in place of the data.",
  ),
  invalid_inputs: entry(
    422,
    false,
    "The inputs are not what the stream declares.",
    "A value has another type, or lies outside its bounds.",
    "GET /config has the declaration.",
  ),
  invalid_outputs: entry(
    500,
    false,
    "An additional output is not what the stream declares.",
    "The page shows declared outputs, and this value has another type, or no output has that name.",
    "Yield AdditionalOutputs in the order of the declaration, or give the stream an additionalOutputsHandler.",
  ),
  cannot_restart: entry(
    409,
    false,
    "The connection cannot find another way.",
    "The offer is of another connection than the one that is to go on, or that one has never been up.",
    "Make a new call.",
  ),
  not_connected: entry(
    409,
    true,
    "The call is not connected yet.",
    "The stream's handler starts when the client has opened its data channel.",
    "Try again once the call is connected.",
  ),
} as const satisfies Record<string, ErrorEntry>;
