/**
 * A media node as the edge sees it: the node's end of the link, without media. Offers are answered at once unless a
 * test says otherwise; sessions are only a list.
 */
import { exports } from "cloudflare:workers";
import * as v from "valibot";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import {
  type Command,
  EdgeMessage,
  type HelloBody,
  LINK_PING,
  LINK_PONG,
  LinkClose,
  NODE_ID_HEADER,
  NODE_LINK_PATH,
  type NodeLoad,
  type NodeMessage,
  type Output,
  type OutputNews,
  type ReplyBody,
  type SessionEvent,
  type SessionSnapshot,
} from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";

/** The secret the edge runs with in tests (vitest.config.ts). */
export const TEST_SECRET = "test-secret";

type Reply = ReplyBody extends infer R ? (R extends ReplyBody ? Omit<R, "id"> : never) : never;
type Content = NodeMessage extends infer M ? (M extends NodeMessage ? Pick<M, "kind" | "body"> : never) : never;

export interface FakeNodeOptions {
  readonly nodeId: string;
  readonly streams: readonly StreamDescriptor[];
  readonly load?: NodeLoad;
  /** Where it dials from, as the platform says. */
  readonly cf?: { readonly latitude: string; readonly longitude: string };
}

/** A descriptor with every default. */
export function descriptor(name: string, overrides: Partial<StreamDescriptor> = {}): StreamDescriptor {
  return {
    name,
    modality: "audio",
    mode: "send-receive",
    concurrencyLimit: 1,
    timeLimit: null,
    allowExtraTracks: false,
    rtcConfiguration: null,
    trackConstraints: null,
    ui: {},
    build: 1,
    ...overrides,
  };
}

export const READY: NodeLoad = { sessions: 0, capacity: 100, cpu: 0, ready: true };

/** Dials the edge; the reply is 101, or why not. */
export function dial(nodeId: string, secret = TEST_SECRET, cf?: FakeNodeOptions["cf"]): Promise<Response> {
  return exports.default.fetch(`http://edge${NODE_LINK_PATH}`, {
    ...(cf === undefined ? {} : { cf }),
    headers: { upgrade: "websocket", authorization: `Bearer ${secret}`, [NODE_ID_HEADER]: nodeId },
  });
}

export class FakeNode {
  readonly options: FakeNodeOptions;
  /** Given by the edge's welcome; kept over redials, as a run of a node does. */
  epoch: number | null = null;
  /** Sessions it holds: goes into every hello. */
  sessions: SessionSnapshot[] = [];
  readonly commands: Command[] = [];
  /** Additional outputs, by session. */
  readonly outputs = new Map<string, Output[]>();
  /** Sessions whose outputs it reports. */
  readonly watched = new Set<string>();
  /** Sids that welcomes asked to end. */
  readonly asked: string[] = [];
  /** What it answers; null is never. */
  onCommand: (command: Command) => Reply | null | Promise<Reply | null> = (command) => this.accept(command);
  #ws: WebSocket | null = null;
  #sent = 0;
  #seen = 0;
  #acknowledged = 0;
  #pongs = 0;
  #closed = Promise.withResolvers<number>();
  #welcomed = Promise.withResolvers<number>();
  #waiters: { readonly test: () => boolean; readonly resolve: () => void }[] = [];

  constructor(options: FakeNodeOptions) {
    this.options = options;
  }

  /** Dials, says hello, waits for the welcome. */
  static async start(options: FakeNodeOptions): Promise<FakeNode> {
    const node = new FakeNode(options);
    await node.connect();
    return node;
  }

  /** Resolves with the close code once the edge closed the socket. */
  get closed(): Promise<number> {
    return this.#closed.promise;
  }

  /** Resolves with the epoch of this socket's welcome. */
  get welcomed(): Promise<number> {
    return this.#welcomed.promise;
  }

  /** Pings and waits for the pong. */
  async ping(): Promise<void> {
    const before = this.#pongs;
    this.sendRaw(LINK_PING);
    await this.#until(() => this.#pongs > before);
  }

  /** Dials without a word. */
  async open(): Promise<void> {
    const response = await dial(this.options.nodeId, TEST_SECRET, this.options.cf);
    const ws = response.webSocket;
    if (ws === null) throw new Error(`the edge answered ${response.status}: ${await response.text()}`);
    this.#sent = 0;
    this.#seen = 0;
    this.#acknowledged = 0;
    this.#ws = ws;
    this.#welcomed = Promise.withResolvers<number>();
    const closed = Promise.withResolvers<number>();
    this.#closed = closed;
    ws.addEventListener("message", (event) => {
      if (this.#ws === ws) this.#receive(String(event.data));
    });
    ws.addEventListener("close", (event) => closed.resolve(event.code));
    ws.accept();
  }

  /** Dials and says hello: a redial of the same run if it was welcomed before. */
  async connect(overrides: Partial<HelloBody> = {}): Promise<number> {
    await this.open();
    this.hello(overrides);
    this.epoch = await this.#welcomed.promise;
    return this.epoch;
  }

  hello(overrides: Partial<HelloBody> = {}): void {
    const { nodeId, streams, load = READY } = this.options;
    const sessions = this.sessions;
    this.send({
      kind: "hello",
      body: { nodeId, epoch: this.epoch, version: "0.1.0", streams: [...streams], sessions, load, ...overrides },
    });
  }

  send(content: Content): void {
    this.#sent += 1;
    this.sendRaw(JSON.stringify({ v: PROTOCOL_VERSION, seq: this.#sent, ack: this.#seen, ...content }));
  }

  sendRaw(data: string | ArrayBuffer): void {
    if (this.#ws === null) throw new Error("the fake node is not connected");
    this.#ws.send(data);
  }

  /** Reports events and waits until the edge has acknowledged them. */
  async report(events: SessionEvent[], load?: NodeLoad): Promise<void> {
    for (const event of events) this.#apply(event);
    this.send({ kind: "report", body: load === undefined ? { events } : { events, load } });
    const seq = this.#sent;
    await this.#until(() => this.#acknowledged >= seq);
  }

  async connected(sid: string): Promise<void> {
    await this.report([{ ...this.#ref(sid), event: "connected" }]);
  }

  async ended(sid: string, reason: (SessionEvent & { event: "ended" })["reason"] = "client_closed"): Promise<void> {
    const ref = this.#ref(sid);
    await this.report([{ ...ref, event: "ended", reason }]);
    if (this.watched.delete(sid)) await this.reportOutputs([{ ...ref, news: "end" }]);
  }

  /** A session's handler yields an additional output. */
  async output(sid: string, ...args: unknown[]): Promise<void> {
    const outputs = this.outputs.get(sid) ?? [];
    const output = { seq: outputs.length + 1, json: JSON.stringify(args) };
    this.outputs.set(sid, [...outputs, output]);
    if (this.watched.has(sid)) await this.reportOutputs([{ ...this.#ref(sid), news: "output", ...output }]);
  }

  /** Reports outputs, as they are, and waits until the edge has acknowledged them. */
  async reportOutputs(outputs: OutputNews[]): Promise<void> {
    this.send({ kind: "report", body: { events: [], outputs } });
    const seq = this.#sent;
    await this.#until(() => this.#acknowledged >= seq);
  }

  /** Resolves with the first command that fits, past ones included. */
  async command(fits: (command: Command) => boolean): Promise<Command> {
    await this.#until(() => this.commands.some(fits));
    const found = this.commands.find(fits);
    if (found === undefined) throw new Error("unreachable: it was just found");
    return found;
  }

  /** Closes the socket as a dying process does. */
  drop(): void {
    this.#ws?.close(1000, "gone");
    this.#ws = null;
  }

  /** Closes the socket as a node does that has shut down in good order. */
  goodbye(): void {
    this.#ws?.close(LinkClose.goodbye, "shutting down");
    this.#ws = null;
  }

  /** The default behaviour: takes every offer, ends what it is told to. */
  accept(command: Command): Reply {
    if (command.command === "drain") return { ok: true };
    const { sid, stream, clientId } = command;
    const held = this.sessions.some((session) => session.sid === sid);
    switch (command.command) {
      case "offer":
        if (!held) this.sessions.push({ sid, stream, clientId, state: "pending" });
        return { ok: true, sdp: `v=0\r\ns=answer to ${sid}\r\n` };
      case "offer_socket":
        if (!held) this.sessions.push({ sid, stream, clientId, state: "pending" });
        return { ok: true };
      case "end":
        this.sessions = this.sessions.filter((session) => session.sid !== sid);
        return { ok: true };
      case "watch_outputs": {
        if (!held) return { ok: false, error: "connection_closed" };
        this.watched.add(sid);
        const outputs = this.outputs.get(sid) ?? [];
        return {
          ok: true,
          outputs: { last: outputs.length, kept: outputs.filter(({ seq }) => seq > command.after) },
        };
      }
      case "unwatch_outputs":
        this.watched.delete(sid);
        return { ok: true };
      default:
        return held ? { ok: true } : { ok: false, error: "connection_closed" };
    }
  }

  #receive(data: string): void {
    if (data === LINK_PONG) {
      this.#pongs += 1;
      this.#wake();
      return;
    }
    const message = v.parse(EdgeMessage, JSON.parse(data));
    this.#seen = message.seq;
    this.#acknowledged = message.ack;
    if (message.kind === "welcome") {
      this.asked.push(...message.body.end);
      this.sessions = this.sessions.filter((session) => !message.body.end.includes(session.sid));
      this.#welcomed.resolve(message.body.epoch);
    }
    if (message.kind === "command") void this.#answer(message.body);
    this.#wake();
  }

  async #answer(command: Command): Promise<void> {
    this.commands.push(command);
    const ws = this.#ws;
    const reply = await this.onCommand(command);
    if (reply === null || this.#ws !== ws) return;
    this.send({ kind: "reply", body: { ...reply, id: command.id } });
  }

  #apply(event: SessionEvent): void {
    this.sessions = this.sessions
      .filter((session) => session.sid !== event.sid || event.event !== "ended")
      .map((session) => (session.sid === event.sid ? { ...session, state: "live" } : session));
  }

  #ref(sid: string): Pick<SessionSnapshot, "sid" | "stream" | "clientId"> {
    const held = this.sessions.find((session) => session.sid === sid);
    if (held === undefined) throw new Error(`the fake node has no session ${sid}`);
    return { sid, stream: held.stream, clientId: held.clientId };
  }

  async #until(test: () => boolean): Promise<void> {
    if (test()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ test, resolve });
    await promise;
  }

  #wake(): void {
    const { true: done = [], false: left = [] } = Object.groupBy(this.#waiters, ({ test }) => `${test()}`);
    this.#waiters = left;
    for (const { resolve } of done) resolve();
  }
}
