/** A session process's side of a WebSocket: one that the main process was called on and handed over, or one of its own. */
import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { MAX_SOCKET_MESSAGE_BYTES } from "../../shared/limits.ts";
import type { UpgradeRequest } from "./media-server.ts";

const OPEN_TIMEOUT_MS = 5_000;

const OPTIONS = {
  // Compressing audio that is compressed already costs more than it saves.
  perMessageDeflate: false,
  maxPayload: MAX_SOCKET_MESSAGE_BYTES,
  // Who has said goodbye is gone; the edge may keep the connection below for seconds more, and the slot with it.
  closeTimeout: 250,
} as const;

/** Answers a request to upgrade. `onOpen` is not called for one that is malformed: its sender gets a 400. */
export function acceptSocket({ headers, head }: UpgradeRequest, socket: Socket, onOpen: (ws: WebSocket) => void): void {
  const server = new WebSocketServer({ ...OPTIONS, noServer: true, clientTracking: false });
  const request = new IncomingMessage(socket);
  request.method = "GET";
  request.headers = { ...headers };
  server.handleUpgrade(request, socket, Buffer.from(head, "base64"), (ws) => {
    // Nobody else may listen: the session may have ended meanwhile, and an error that nobody hears ends the process.
    ws.on("error", ignore);
    onOpen(ws);
  });
}

/** Dials; the socket closes, which its listeners hear, where nobody answers in time. */
export function dialSocket(url: string, headers: Readonly<Record<string, string>>): WebSocket {
  const socket = new WebSocket(url, { ...OPTIONS, headers: { ...headers }, handshakeTimeout: OPEN_TIMEOUT_MS });
  socket.on("error", ignore);
  return socket;
}

/** A socket's `close` follows. */
function ignore(): void {
  // Nothing to do.
}
