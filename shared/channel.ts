/**
 * Messages on a session's data channel.
 *
 * FastRTC's are JSON as Python's `json.dumps` writes it (a space after `:` and `,`), so that what a client sees is the
 * same to the byte. EdgeRTC's own go only to clients that asked for them with a `hello`.
 */
import * as v from "valibot";

export { ExtensionMessage, FastRtcMessage, ServerMessage, TurnState } from "./server-message.ts";

/** Sent by our client when the channel opens: turns the messages of {@link ExtensionMessage} on for this session. */
export const ClientHello = v.object({ type: v.literal("hello"), protocol: v.pipe(v.number(), v.integer()) });
export type ClientHello = v.InferOutput<typeof ClientHello>;

/**
 * A message of the application's own from its page to its handler: an object with a `type`, and whatever else the two have
 * agreed on. HumanAIGC's chat is `{"type":"chat","data":"…"}`. As a whole no longer than MAX_CHANNEL_MESSAGE_CHARS.
 */
export const ClientMessage = v.looseObject({ type: v.pipe(v.string(), v.minLength(1), v.maxLength(64)) });
export type ClientMessage = v.InferOutput<typeof ClientMessage>;

/** JSON with Python's separators and escapes (`json.dumps` with its defaults). */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    const pairs = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${pairs.map(([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`).join(", ")}}`;
  }
  const json = JSON.stringify(value) ?? "null";
  // json.dumps escapes everything outside ASCII.
  return json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
