/** Reads what a client sends on its audio WebSocket. */
import * as v from "valibot";
import { AnySocketMessage, SocketMessage } from "../../../shared/websocket.ts";

/** An event that is not known, and means nothing: `connected`, `mark` and the like. */
export interface UnknownEvent {
  readonly event: "unknown";
}

const KNOWN: ReadonlySet<string> = new Set(SocketMessage.options.map((option) => option.entries.event.literal));
const UNKNOWN: UnknownEvent = { event: "unknown" };

/** @returns null for what is no message: no JSON, no `event`, or one that lacks what belongs to it. */
export function readSocketMessage(text: string): SocketMessage | UnknownEvent | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const message = v.safeParse(SocketMessage, json);
  if (message.success) return message.output;
  const any = v.safeParse(AnySocketMessage, json);
  return any.success && !KNOWN.has(any.output.event) ? UNKNOWN : null;
}
