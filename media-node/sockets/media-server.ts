/**
 * The node's server for media over WebSockets, where it has an address that the edge, or a telephone provider, can reach. It
 * checks tickets and hands the sockets on, before the handshake: no message ever passes through the main process.
 */
import { createServer, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { MEDIA_SOCKET_PATH, NODE_ID_HEADER } from "../../shared/link.ts";
import { listenOn } from "./listening.ts";

/** Who has not said what it wants by then is hung up on. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Connections that have not been handed on. More are refused by the system. */
const MAX_CONNECTIONS = 1_024;

/**
 * On whatever this server refuses, and on nothing else: who looks for it (the doctor) then knows that it was here. It may say
 * in {@link NODE_ID_HEADER} which node it means.
 */
export const MEDIA_SERVER_HEADER = "x-edgertc-media";
export type MediaServerWord = "no-ticket" | "other-node";

const TICKET = new RegExp(`${MEDIA_SOCKET_PATH}/([A-Za-z0-9_-]{32})$`);

/** A request to upgrade, as another process needs it to answer. */
export interface UpgradeRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** What came behind the request already, in base64. */
  readonly head: string;
}

export interface MediaServerOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly nodeId: string;
  /** Uses a ticket up. @returns the session it is for. */
  readonly take: (ticket: string) => string | undefined;
  /** Takes a socket over. @returns false where the session is gone. */
  readonly onSocket: (sid: string, request: UpgradeRequest, socket: Socket) => boolean;
}

export interface MediaServer {
  readonly port: number;
  stop(): void;
}

/** @throws EdgeRtcError `port_unavailable`. */
export async function startMediaServer(options: MediaServerOptions): Promise<MediaServer> {
  const server = createServer((request, response) => {
    const word = { [MEDIA_SERVER_HEADER]: wordFor(request, options) };
    response.writeHead(426, { connection: "close", upgrade: "websocket", ...word }).end();
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    if (!hand(request, socket, head, options)) refuse(socket, wordFor(request, options));
  });
  return {
    port: await listenOn(server, { ...options, flag: "--media-port" }),
    // It does not wait for sockets that were handed on: they are others'.
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function hand(request: IncomingMessage, socket: Duplex, head: Buffer, options: MediaServerOptions): boolean {
  const [, ticket] = TICKET.exec((request.url ?? "").split("?")[0] ?? "") ?? [];
  if (ticket === undefined || !(socket instanceof Socket)) return false;
  const sid = options.take(ticket);
  if (sid === undefined) return false;
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
  return options.onSocket(sid, { headers: Object.fromEntries(headers), head: head.toString("base64") }, socket);
}

function wordFor({ headers }: IncomingMessage, { nodeId }: MediaServerOptions): MediaServerWord {
  const meant = headers[NODE_ID_HEADER];
  return meant === undefined || meant === nodeId ? "no-ticket" : "other-node";
}

function refuse(socket: Duplex, word: MediaServerWord): void {
  const headers = ["Connection: close", "Content-Length: 0", `${MEDIA_SERVER_HEADER}: ${word}`];
  socket.end(`HTTP/1.1 404 Not Found\r\n${headers.join("\r\n")}\r\n\r\n`);
}
