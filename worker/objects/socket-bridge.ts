/**
 * The way of last resort for media over a WebSocket: a node that clients cannot reach dials the session's object, which passes
 * every message on as it is, unread. The sockets hibernate: a call in which nothing is said costs nothing.
 */

/** How long a client waits for its node to dial. */
const DIAL_MS = 5_000;
const NORMAL_CLOSE = 1000;
const GONE = 1011;
/** Codes that only say how a socket ended and are never sent. */
const NEVER_SENT: readonly number[] = [1005, 1006, 1015];

type End = "client" | "node";

const tagOf = (end: End, sid: string): string => `${end}:${sid}`;

export class SocketBridge {
  readonly #ctx: DurableObjectState;
  /** Found once and not for every frame. */
  readonly #others = new WeakMap<WebSocket, WebSocket>();
  /** The client that waits for its node. */
  #waiting: { readonly sid: string; readonly arrived: () => void } | null = null;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** The node has dialled. @returns its end, to be handed to it. */
  node(sid: string): WebSocket {
    const end = this.#accept("node", sid);
    if (this.#waiting?.sid === sid) this.#waiting.arrived();
    return end;
  }

  /** The client comes. @returns its end once there is a node's, or null where none came. */
  async client(sid: string): Promise<WebSocket | null> {
    if (this.#open("node", sid) === undefined && !(await this.#nodeArrives(sid))) return null;
    return this.#accept("client", sid);
  }

  /** Passes a message on. What comes while the other end is closing is dropped. */
  pass(ws: WebSocket, data: string | ArrayBuffer): void {
    const other = this.#otherOf(ws);
    if (other?.readyState === WebSocket.OPEN) other.send(data);
  }

  /** One end has closed: so does the other. @returns false if the socket is none of a bridge. */
  closed(ws: WebSocket, code: number, reason: string): boolean {
    const mine = endOf(this.#ctx.getTags(ws));
    if (mine === null) return false;
    const other = this.#otherOf(ws);
    // The closing handshake is ours to finish.
    if (ws.readyState === WebSocket.CLOSING) ws.close(NORMAL_CLOSE);
    const abnormal = mine.end === "node" ? GONE : NORMAL_CLOSE;
    if (other?.readyState === WebSocket.OPEN) other.close(NEVER_SENT.includes(code) ? abnormal : code, reason);
    return true;
  }

  async #nodeArrives(sid: string): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    // A timer of the call that waits, which keeps the object awake anyway.
    const timer = setTimeout(() => resolve(false), DIAL_MS);
    this.#waiting = { sid, arrived: () => resolve(true) };
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting = null;
    }
  }

  #accept(end: End, sid: string): WebSocket {
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.#ctx.acceptWebSocket(ours, [tagOf(end, sid)]);
    return theirs;
  }

  #otherOf(ws: WebSocket): WebSocket | undefined {
    const known = this.#others.get(ws);
    if (known !== undefined) return known;
    const mine = endOf(this.#ctx.getTags(ws));
    const other = mine === null ? undefined : this.#open(mine.end === "node" ? "client" : "node", mine.sid);
    if (other !== undefined) this.#others.set(ws, other);
    return other;
  }

  #open(end: End, sid: string): WebSocket | undefined {
    return this.#ctx.getWebSockets(tagOf(end, sid)).find((ws) => ws.readyState === WebSocket.OPEN);
  }
}

function endOf(tags: readonly string[]): { readonly end: End; readonly sid: string } | null {
  for (const tag of tags) {
    const [, end, sid] = /^(client|node):(.+)$/.exec(tag) ?? [];
    if ((end === "client" || end === "node") && sid !== undefined) return { end, sid };
  }
  return null;
}
