/** Models of others, over the network. */
import { type ErrorEntry, entry } from "./entry.ts";

export const REMOTE_MODEL_ERRORS = {
  remote_model_refused: entry(
    502,
    false,
    "The model's provider refused the request.",
    "The key is wrong, the model or voice does not exist there, or the request is not what the provider takes.",
    "Check the model's name, the key and the options; the node's log has the provider's own words.",
  ),
  remote_model_failed: entry(
    502,
    true,
    "The model's provider failed.",
    "It could not be reached, is overloaded, limits the rate of requests, or answered something that is no result.",
    "Try again; the node's log has the provider's own words.",
  ),
  remote_model_timeout: entry(
    504,
    true,
    "The model's provider took too long.",
    "It did not answer, or did not go on answering, within the model's timeoutMs.",
    "Try again, or raise timeoutMs on the model.",
  ),
  speech_stopped: entry(
    503,
    true,
    "The speech engine stopped.",
    "Its thread was closed, or crashed in the middle of the work.",
    "Try again: it is started anew when next used; the node's log has the cause.",
  ),
  video_codec_failed: entry(
    500,
    true,
    "The video codec failed.",
    "It could not be started, or failed at a picture.",
    "Nothing: the picture is lost, the codec is started anew for the next one. The node's log has the cause.",
  ),
  video_too_large: entry(
    413,
    false,
    "The picture is too large.",
    "It has more pixels than 1920×1088.",
    "Send a smaller one: the stream's trackConstraints say what a camera is asked for.",
  ),
  video_too_small: entry(
    400,
    false,
    "The picture is too small.",
    "It is less than 16 pixels wide or high, which H.264 does not encode.",
    "Send a larger one.",
  ),
} as const satisfies Record<string, ErrorEntry>;
