/** The beginning of an audio WebSocket: what its client says before `start`, and what that comes to. */
import type { RawData } from "ws";
import { failedBody } from "../../../shared/errors.ts";
import { MAX_SOCKET_MESSAGE_BYTES } from "../../../shared/limits.ts";
import type { SocketReply, StartMessage } from "../../../shared/websocket.ts";
import type { FirstWord } from "../../sockets/socket-opening.ts";
import { readSocketMessage } from "./socket-message.ts";

/** @param clientId what the session is called already; null where `start` says it. */
export function readStart(clientId: string | null) {
  return (data: RawData, isBinary: boolean): FirstWord<StartMessage> => {
    const message = isBinary ? null : readSocketMessage(textOf(data));
    if (message === null) return invalid();
    if (message.event === "start") {
      const named = clientId === null || clientId === message.websocket_id;
      return named ? { kind: "start", start: message } : invalid("`start` has another websocket_id than the request.");
    }
    // FastRTC answers before the start, too. Audio, which it would keep, has no session to go to yet.
    return message.event === "ping" ? { kind: "other", reply: PONG } : { kind: "other" };
  };
}

export const PONG = JSON.stringify({ event: "pong" } satisfies SocketReply);

function invalid(message?: string): FirstWord<StartMessage> {
  return { kind: "invalid", refusal: JSON.stringify(failedBody("socket_message_invalid", message)) };
}

/** `ws` hands out a Buffer unless it is told otherwise. */
export function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data)
    ? Buffer.concat(data)
    : Buffer.from(data, 0, Math.min(data.byteLength, MAX_SOCKET_MESSAGE_BYTES));
}

export function textOf(data: RawData): string {
  return bytesOf(data).toString("utf8");
}
