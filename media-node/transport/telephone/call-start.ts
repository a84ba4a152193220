/** The beginning of a call's media socket: what its provider says before `start`, and what that comes to. */
import type { RawData, WebSocket } from "ws";
import { failedBody } from "../../../shared/errors.ts";
import type { CallStart } from "../../../shared/telephone/call-message.ts";
import { readCallMessage } from "../../../shared/telephone/providers.ts";
import type { FirstWord } from "../../sockets/socket-opening.ts";
import { textOf } from "../websocket/socket-start.ts";
import type { TelephoneTransport } from "./telephone-transport.ts";

/** What a message before the call's start means. */
export function readCallStart(data: RawData, isBinary: boolean): FirstWord<CallStart> {
  const reading = readCallMessage(isBinary ? null : textOf(data), null);
  if (!reading.ok)
    return { kind: "invalid", refusal: JSON.stringify(failedBody("socket_message_invalid", reading.why)) };
  const { message } = reading;
  return message.event === "start" ? { kind: "start", start: message } : { kind: "other" };
}

/** Hands what comes on a socket to its call. */
export function attachCall(socket: WebSocket, transport: TelephoneTransport): void {
  socket.on("message", (data, isBinary) => transport.receive(isBinary ? null : textOf(data)));
  socket.on("close", () => transport.socketClosed());
}
