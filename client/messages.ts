/** What arrives on the data channel: a message of ours or FastRTC's, or anything a handler chose to send. */
import * as v from "valibot";
import { ServerMessage } from "../shared/server-message.ts";

/** One message of the data channel. */
export interface ChannelMessage {
  /** As it arrived. */
  readonly text: string;
  /** Null for a plain string and for JSON of a shape this client does not know. */
  readonly message: ServerMessage | null;
}

export function parseMessage(text: string): ChannelMessage {
  const parsed = v.safeParse(ServerMessage, parseJson(text));
  return { text, message: parsed.success ? parsed.output : null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
