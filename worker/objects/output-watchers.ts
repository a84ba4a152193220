/**
 * Who watches a session's outputs: hibernating WebSockets, found again by the session they are for. Nothing is kept in
 * memory, so that the object may sleep, or be evicted, while a call says nothing.
 */
import * as v from "valibot";
import { NodeId, SessionId } from "../../shared/ids.ts";
import { MAX_OUTPUT_WATCHERS } from "../../shared/limits.ts";
import type { Output } from "../../shared/link.ts";
import { SESSION_OVER, type WatchMessage } from "../outputs/watch-protocol.ts";
import type { SessionName } from "../rpc.ts";
import type { Placed } from "./session-state.ts";

/** What a socket's attachment holds: whom to tell that nobody watches any more. Null once the session is over. */
const Watched = v.object({
  sid: SessionId,
  stream: v.string(),
  clientId: v.string(),
  nodeId: NodeId,
  epoch: v.number(),
});
export type Watched = SessionName & Placed;

const NORMAL_CLOSE = 1000;

export class OutputWatchers {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  isFull(sid: string): boolean {
    return this.#open(sid).length >= MAX_OUTPUT_WATCHERS;
  }

  /** Takes a socket of a session. @returns the watcher's end, and this one. */
  add(watched: Watched): { readonly client: WebSocket; readonly server: WebSocket } {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [watched.sid]);
    server.serializeAttachment(watched);
    return { client, server };
  }

  /** @returns whether anybody watches the session. */
  send(sid: string, outputs: readonly Output[], ended: boolean): boolean {
    const sockets = this.#open(sid);
    for (const ws of sockets) {
      for (const output of outputs) tell(ws, { kind: "output", ...output });
      if (!ended) continue;
      ws.serializeAttachment(null);
      ws.close(SESSION_OVER, "the session is over");
    }
    return sockets.length > 0;
  }

  /** A watcher has gone. @returns the session that nobody watches any more, or null. */
  gone(ws: WebSocket): Watched | null {
    if (ws.readyState === WebSocket.CLOSING) ws.close(NORMAL_CLOSE);
    const watched = v.safeParse(Watched, ws.deserializeAttachment());
    if (!watched.success) return null;
    ws.serializeAttachment(null);
    return this.#open(watched.output.sid).some((other) => other !== ws) ? null : watched.output;
  }

  #open(sid: string): WebSocket[] {
    return this.#ctx.getWebSockets(sid).filter((ws) => ws.readyState === WebSocket.OPEN);
  }
}

export function tell(ws: WebSocket, message: WatchMessage): void {
  ws.send(JSON.stringify(message));
}
