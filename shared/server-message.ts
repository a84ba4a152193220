/** What a server says on the data channel: FastRTC's messages, and those of EdgeRTC's extension. */
import * as v from "valibot";

/** Label our client gives the channel; any label is accepted. */
export const CHANNEL_LABEL = "text";

// --- FastRTC's (fastrtc §1.3) --------------------------------------------------------------------------------------

export const FastRtcMessage = v.variant("type", [
  v.object({ type: v.literal("send_input"), data: v.array(v.unknown()) }),
  v.object({ type: v.literal("fetch_output"), data: v.array(v.unknown()) }),
  v.object({ type: v.literal("log"), data: v.string() }),
  v.object({ type: v.literal("stopword"), data: v.string() }),
  /** FastRTC carries the text in `message`; its documentation says `data`: ours has both. */
  v.object({ type: v.literal("error"), message: v.string(), data: v.optional(v.string()) }),
  v.object({ type: v.literal("warning"), message: v.string(), data: v.optional(v.string()) }),
  v.object({ type: v.literal("end_stream"), data: v.string() }),
  v.object({ type: v.literal("update_connection"), data: v.string() }),
]);
export type FastRtcMessage = v.InferOutput<typeof FastRtcMessage>;

// --- EdgeRTC's extension -------------------------------------------------------------------------------------------

/** What the turn taking is doing, for the page. */
export const TurnState = v.picklist(["listening", "user_speaking", "thinking", "bot_speaking"]);
export type TurnState = v.InferOutput<typeof TurnState>;

export const ExtensionMessage = v.variant("type", [
  /** Once, in answer to `hello`. `timeLimitMs` counts from connected; null is none. */
  v.object({
    type: v.literal("session"),
    data: v.object({
      sid: v.string(),
      stream: v.string(),
      timeLimitMs: v.nullable(v.number()),
      elapsedMs: v.number(),
      /** The session's own secret, on a strict edge. Over WebRTC it came with the answer. */
      secret: v.optional(v.string()),
    }),
  }),
  v.object({ type: v.literal("turn"), data: v.object({ state: TurnState }) }),
  /** A piece of conversation. The same `id` again replaces the text: a line that grows. */
  v.object({
    type: v.literal("transcript"),
    data: v.object({
      id: v.number(),
      role: v.picklist(["user", "assistant"]),
      text: v.string(),
      final: v.boolean(),
    }),
  }),
  /** The arguments of one AdditionalOutputs, as JSON. */
  v.object({ type: v.literal("output"), data: v.array(v.unknown()) }),
  /**
   * How the session's video fares, about once a second: frames sent a second, frames of the client's given up because newer
   * ones came, and the median time that one took through the media node (null where none answered one of the client's).
   */
  v.object({
    type: v.literal("video"),
    data: v.object({ framesPerSecond: v.number(), dropped: v.number(), delayMs: v.nullable(v.number()) }),
  }),
  /** The server ends the session; the connection closes right after. `ticket`: the caller's place in line, if it has one. */
  v.object({ type: v.literal("bye"), data: v.object({ reason: v.string(), ticket: v.optional(v.string()) }) }),
]);
export type ExtensionMessage = v.InferOutput<typeof ExtensionMessage>;

export const ServerMessage = v.union([FastRtcMessage, ExtensionMessage]);
export type ServerMessage = v.InferOutput<typeof ServerMessage>;
