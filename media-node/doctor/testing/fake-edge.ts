/** An edge as the doctor meets it, on loopback, with real HTTP and a real WebSocket: healthy, or ill in one way. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { WebSocketServer } from "ws";
import { ERRORS, type ErrorCode, failedBody } from "../../../shared/errors.ts";
import { LINK_PING, LINK_PONG, NODE_LINK_PATH } from "../../../shared/link.ts";
import { verifyNodeToken } from "../../../shared/node-token.ts";
import { type IceServers, NODE_ICE_SERVERS_PATH } from "../../../shared/turn.ts";
import { PROTOCOL_VERSION } from "../../../shared/version.ts";

export interface FakeEdgeState {
  secret: string;
  adminToken: string;
  /** How far its clock is ahead of the machine's. */
  clockAheadMs: number;
  protocol: number;
  streams: { name: string; limit: number; active: number; nodesReady: number }[];
  /** What the operators' API says of nodes. */
  nodes: object[];
  /** What `GET /turn` says. */
  turn: { readonly iceServers: IceServers; readonly ttlSeconds: number | null } | ErrorCode;
  nodeServers: IceServers;
  /** A proxy in between that knows no WebSockets. */
  noWebSockets: boolean;
  /** Something else answers everything, with this page. */
  foreign: string | null;
}

export class FakeEdge {
  readonly state: FakeEdgeState = {
    secret: "secret-of-the-fake-edge",
    adminToken: "admin-token-of-the-fake",
    clockAheadMs: 0,
    protocol: PROTOCOL_VERSION,
    streams: [{ name: "default", limit: 5, active: 1, nodesReady: 1 }],
    nodes: [],
    turn: "turn_not_configured",
    nodeServers: [],
    noWebSockets: false,
    foreign: null,
  };
  readonly #server: Server;
  readonly #links = new WebSocketServer({ noServer: true });
  url = "";

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    });
    this.#server.on("upgrade", (request, socket, head) => {
      if (this.state.noWebSockets || request.url !== NODE_LINK_PATH) {
        socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      this.#links.handleUpgrade(request, socket, head, (link) => {
        link.on("message", (data) => {
          if (String(data) === LINK_PING) link.send(LINK_PONG);
        });
      });
    });
  }

  static async start(): Promise<FakeEdge> {
    const edge = new FakeEdge();
    edge.#server.listen(0, "127.0.0.1");
    await once(edge.#server, "listening");
    const address = edge.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("the fake edge has no port");
    edge.url = `http://127.0.0.1:${address.port}`;
    return edge;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    for (const link of this.#links.clients) link.terminate();
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer({ url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { state } = this;
    if (state.foreign !== null) return void response.end(state.foreign);
    const json = (body: unknown, status = 200): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const refuse = (code: ErrorCode): void => json(failedBody(code), ERRORS[code].status);
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    const nowMs = Date.now() + state.clockAheadMs;
    // A stream's own routes say the same here.
    switch (url?.endsWith("/turn") === true ? "/turn" : url) {
      case "/health":
        return json({ status: "ok", version: "0.1.0", protocol: state.protocol, nowMs });
      case "/streams":
        return json(state.streams);
      case NODE_ICE_SERVERS_PATH: {
        const { ok } = await verifyNodeToken(token, state.secret, nowMs);
        if (!ok) return refuse("node_unauthorized");
        const { nodeServers: iceServers, protocol } = state;
        return json({ protocol, iceServers, ttlSeconds: null, clientsHaveTurn: typeof state.turn === "object" });
      }
      case "/turn":
        return typeof state.turn === "string" ? refuse(state.turn) : json(state.turn);
      case "/admin/api/overview":
        if (token !== state.adminToken) return refuse("admin_unauthorized");
        return json({ nowMs, version: "0.1.0", nodes: state.nodes, streams: [], streamsLeftOut: 0 });
      default:
        return refuse("not_found");
    }
  }
}
