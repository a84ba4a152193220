/** A client of `/websocket/offer`, and the node's end of a bridged call, as the edge sees them. */
import { exports } from "cloudflare:workers";
import { NODE_ID_HEADER, NODE_MEDIA_PATH } from "../../shared/link.ts";
import type { SessionName } from "../rpc.ts";
import { TEST_SECRET } from "./fake-node.ts";

export class EdgeSocket {
  readonly #ws: WebSocket;
  readonly received: (string | ArrayBuffer)[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #waiters: (() => void)[] = [];

  constructor(ws: WebSocket) {
    this.#ws = ws;
    const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string }>();
    this.closed = promise;
    ws.addEventListener("message", ({ data }) => {
      this.received.push(data);
      for (const wake of this.#waiters.splice(0)) wake();
    });
    ws.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
    ws.binaryType = "arraybuffer";
    ws.accept();
  }

  /** Opens `path`, the upgrade granted. */
  static async open(path: string, headers: Record<string, string> = {}): Promise<EdgeSocket> {
    const response = await upgrade(path, headers);
    if (response.webSocket === null) throw new Error(`${response.status}: ${await response.text()}`);
    return new EdgeSocket(response.webSocket);
  }

  /** As a node dials for a session. */
  static node(nodeId: string, { sid, stream, clientId }: SessionName): Promise<EdgeSocket> {
    const query = new URLSearchParams({ sid, stream, clientId });
    return EdgeSocket.open(`${NODE_MEDIA_PATH}?${query}`, {
      authorization: `Bearer ${TEST_SECRET}`,
      [NODE_ID_HEADER]: nodeId,
    });
  }

  send(data: string | ArrayBuffer): void {
    this.#ws.send(data);
  }

  /** The message with this index. */
  async message(index: number): Promise<string | ArrayBuffer> {
    for (;;) {
      const found = this.received[index];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
      });
    }
  }

  close(code?: number, reason?: string): void {
    this.#ws.close(code, reason);
  }
}

export function upgrade(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(`http://edge${path}`, { headers: { upgrade: "websocket", ...headers } });
}
