/**
 * The `MediaNode` object: one per media node, the edge's end of the node link. It mints the node's epochs, judges its
 * liveness, carries commands to it and its reports to the streams. It places nothing and knows no sessions.
 */
import { DurableObject } from "cloudflare:workers";
import {
  COMMAND_SINCE,
  type Command,
  type HelloBody,
  LINK_PING,
  LINK_PONG,
  LinkClose,
  NODE_ID_HEADER,
  type NodeMessage,
  type ReportBody,
} from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { type Env, streamOf } from "../env.ts";
import { durableSql } from "../ledger/durable-sql.ts";
import type { NodeState } from "../ledger/types.ts";
import { LinkSocket } from "../link/link-socket.ts";
import { judge, lostAfterClose } from "../link/liveness.ts";
import { isOffer, PendingCommands } from "../link/pending-commands.ts";
import { regionOf } from "../link/region.ts";
import { Serial } from "../link/serial.ts";
import { log, reasonOf } from "../log.ts";
import { placeOf } from "../place.ts";
import {
  type CommandResult,
  checkVersion,
  type MediaNodeApi,
  type Message,
  type SessionName,
  type TokenUse,
  type UnwantedSession,
} from "../rpc.ts";
import { Audience } from "./audience.ts";
import { callObject } from "./call.ts";
import { type NodeRow, NodeRows } from "./node-rows.ts";
import { OutputRelay } from "./output-relay.ts";

/** A socket that says no hello for this long is closed. */
export const HELLO_DEADLINE_MS = 10_000;
/** Streams that did not acknowledge the node's state are told again after this long. */
const TELL_AGAIN_MS = 1_000;
/** WebSocket close code "try again later": the node redials, with a snapshot that sets everything right. */
const TRY_AGAIN_LATER = 1013;
const NORMAL_CLOSE = 1000;
const ABNORMAL_CLOSE = 1006;

export class MediaNode extends DurableObject<Env> implements MediaNodeApi {
  readonly #rows: NodeRows;
  readonly #startedMs = Date.now();
  readonly #links = new WeakMap<WebSocket, LinkSocket>();
  /** Hellos and reports take effect in the order they came. */
  readonly #inOrder = new Serial();
  // In an object alarms are the rule. This timer lives only while a call waits on it, which keeps the object awake anyway.
  readonly #pending = new PendingCommands((run, delayMs) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  });
  readonly #audience: Audience;
  readonly #outputs: OutputRelay;
  /** The socket whose hello counts. It may not be welcomed yet. */
  #current: LinkSocket | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#rows = new NodeRows(durableSql(ctx.storage));
    this.#audience = new Audience(env, this.#rows);
    this.#outputs = new OutputRelay(env, (session) => this.#unwatch(session));
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(LINK_PING, LINK_PONG));
    const epoch = this.#rows.node()?.epoch;
    for (const link of this.#openLinks()) if (link.state.epoch === epoch) this.#current = link;
  }

  // --- calls -------------------------------------------------------------------------------------------------------

  /** A node dials: the Worker has checked its secret and its id. */
  override async fetch(request: Request): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.#links.set(
      server,
      LinkSocket.open(
        server,
        request.headers.get(NODE_ID_HEADER) ?? "",
        Date.now(),
        regionOf(request),
        placeOf(request.cf),
      ),
    );
    await this.#arm();
    return new Response(null, { status: 101, webSocket: client });
  }

  async useToken(request: Message<MediaNodeApi, "useToken">): Promise<TokenUse> {
    checkVersion(request);
    const { tokenId, forgetAtMs, epoch } = request;
    // Of an older run: told so before it has a socket.
    if (epoch !== null && epoch < (this.#rows.node()?.epoch ?? 0)) return "replaced";
    return this.#rows.useToken(tokenId, forgetAtMs, Date.now()) ? "first" : "used";
  }

  async command(request: Message<MediaNodeApi, "command">): Promise<CommandResult> {
    checkVersion(request);
    const { command, epoch, withinMs } = request;
    const node = this.#rows.node();
    const gone = node === null || node.epoch !== epoch || node.state === "lost";
    // A node without a socket: `up` is the moment after a restart of this object, and the node is about to redial.
    const away = this.#welcomed() === null && node?.state === "suspect" && isOffer(command);
    if ((gone || away) && !this.#pending.has(command.id)) {
      return { ok: false, error: "node_unreachable", sent: false };
    }
    return this.#pending.run(command, (ready) => this.#sendCommand(ready), withinMs);
  }

  async drain(request: Message<MediaNodeApi, "drain">): Promise<CommandResult> {
    const { v, timeoutMs } = request;
    const node = this.#rows.node();
    if (node === null) return { ok: false, error: "node_unreachable", sent: false };
    const command = { id: `drain:${crypto.randomUUID()}`, command: "drain", timeoutMs } as const;
    return await this.command({ v, epoch: node.epoch, command });
  }

  // --- the socket --------------------------------------------------------------------------------------------------

  override async webSocketMessage(ws: WebSocket, data: string | ArrayBuffer): Promise<void> {
    if (data === LINK_PING) return ws.send(LINK_PONG);
    const link = this.#linkOf(ws);
    if (link === null) return ws.close(LinkClose.protocol, "unknown socket");
    const received = link.receive(data, Date.now());
    if (!received.ok) return this.#refuse(link, received.why);
    await this.#take(link, received.message);
  }

  override async webSocketClose(ws: WebSocket, code: number): Promise<void> {
    // The closing handshake is ours to finish. With a code of our own: the one received may not be sent.
    if (ws.readyState === WebSocket.CLOSING) ws.close(NORMAL_CLOSE);
    const link = this.#linkOf(ws);
    if (link === null) return;
    await (code === LinkClose.goodbye ? this.#left(link) : this.#gone(link));
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    await this.webSocketClose(ws, ABNORMAL_CLOSE);
  }

  override async alarm(): Promise<void> {
    try {
      const nowMs = Date.now();
      for (const link of this.#openLinks()) {
        if (link.state.epoch === null && nowMs >= link.state.openedMs + HELLO_DEADLINE_MS) link.refuse("no hello");
      }
      await this.#judge(nowMs);
      await this.#tell();
    } catch (error) {
      log("error", "media_node_alarm_failed", { reason: reasonOf(error) });
    }
    await this.#arm();
  }

  // --- messages ----------------------------------------------------------------------------------------------------

  async #take(link: LinkSocket, message: NodeMessage): Promise<void> {
    if (message.kind === "hello") {
      return this.#inOrder.run(() => this.#hello(link, message.seq, message.body));
    }
    if (message.seq === 1) return this.#refuse(link, `${message.kind} before hello`);
    if (message.kind === "report") {
      return this.#inOrder.run(() => this.#report(link, message.seq, message.body));
    }
    // Answers to commands of the last socket come before the welcome of this one.
    if (message.kind === "reply") this.#pending.reply(message.body);
    link.handled(message.seq);
  }

  async #hello(link: LinkSocket, seq: number, body: HelloBody): Promise<void> {
    // It waited for its turn: the node may have given up on this socket.
    if (!link.isOpen) return;
    if (body.nodeId !== link.state.nodeId) return this.#refuse(link, "hello of another node");
    if (link === this.#current) return this.#refuse(link, "a second hello");
    const before = this.#rows.node();
    const current = before?.epoch ?? 0;
    if (body.epoch !== null && body.epoch < current) return link.close(LinkClose.replaced, "a newer run is here");
    // An epoch this object never minted: its rows were lost, and so were the leases. The node starts anew.
    const epoch = body.epoch !== null && body.epoch === current ? current : Math.max(current, body.epoch ?? 0) + 1;
    if (epoch !== current) this.#pending.abandon();
    this.#current = link;
    this.#closeOlderThan(link);
    const node = this.#change(body.nodeId, epoch, "up", null);
    try {
      const end = await this.#audience.introduce(
        node,
        { region: link.state.region, place: link.state.place, ...body },
        Date.now(),
      );
      // The socket may have closed meanwhile; whoever saw it go has said so.
      if (this.#current !== link) return;
      link.handled(seq);
      link.welcome(epoch, end);
      this.#pending.resend((command) => this.#sendCommand(command));
      log("info", "node_up", { nodeId: body.nodeId, epoch, version: body.version, sessions: body.sessions.length });
    } catch (error) {
      log("error", "hello_failed", { nodeId: body.nodeId, reason: reasonOf(error) });
      link.close(TRY_AGAIN_LATER, "hello failed");
      await this.#gone(link);
    }
    await this.#arm();
  }

  async #report(link: LinkSocket, seq: number, body: ReportBody): Promise<void> {
    const { nodeId, epoch } = link.state;
    // Of a socket that has been replaced meanwhile: its node says it again on the new one.
    if (link !== this.#current) return;
    if (epoch === null) return this.#refuse(link, "report before welcome");
    try {
      const served = new Set(this.#audience.streams());
      const known = body.events.filter((event) => served.has(event.stream));
      const byStream = Object.entries(Object.groupBy(known, (event) => event.stream));
      await Promise.all(
        byStream.map(async ([stream, events = []]) => {
          const report = { v: PROTOCOL_VERSION, nodeId, epoch, events };
          const { end } = await callObject(() => streamOf(this.env, stream).nodeReport(report));
          for (const session of end) this.#endOnNode(session);
        }),
      );
      await this.#outputs.relay((body.outputs ?? []).filter((news) => served.has(news.stream)));
      if (body.load !== undefined) await this.#audience.load(nodeId, epoch, body.load, Date.now());
      link.handled(seq);
      link.send({ kind: "ack", body: {} });
    } catch (error) {
      // Not acknowledged: the node repeats it, after the snapshot that comes with its redial.
      log("error", "report_failed", { reason: reasonOf(error) });
      link.close(TRY_AGAIN_LATER, "report failed");
      await this.#gone(link);
    }
  }

  /** Ends a session that has no lease. Its node reports the end, or shows it again in its next snapshot. */
  #endOnNode({ sid, stream, clientId, reason = "ended_by_edge" }: UnwantedSession): void {
    const command = { sid, stream, clientId, id: `${sid}:end`, command: "end", reason } as const;
    this.ctx.waitUntil(this.#pending.run(command, (ready) => this.#sendCommand(ready)));
  }

  /** Nobody is there for a session's outputs any more. */
  #unwatch(session: SessionName): void {
    const command = {
      ...session,
      id: `${session.sid}:unwatch:${crypto.randomUUID()}`,
      command: "unwatch_outputs",
    } as const;
    this.ctx.waitUntil(this.#pending.run(command, (ready) => this.#sendCommand(ready)));
  }

  #sendCommand(command: Command): boolean {
    const link = this.#welcomed();
    if (link === null) return false;
    if (link.state.version >= COMMAND_SINCE[command.command]) return link.send({ kind: "command", body: command });
    // A node of the release before would not even answer.
    const message = "The media node runs the release before this one, which does not know the command.";
    this.#pending.reply({ id: command.id, ok: false, error: "protocol_mismatch", message });
    return true;
  }

  // --- liveness ----------------------------------------------------------------------------------------------------

  #refuse(link: LinkSocket, why: string): Promise<void> {
    log("warn", "link_refused", { nodeId: link.state.nodeId, why });
    link.refuse(why);
    return this.#gone(link);
  }

  /** A socket is closed, by whichever side. */
  async #gone(link: LinkSocket): Promise<void> {
    if (link !== this.#current) return;
    this.#current = null;
    const node = this.#rows.node();
    if (node === null || node.state === "lost") return;
    this.#change(node.nodeId, node.epoch, "suspect", lostAfterClose(Date.now()));
    this.#pending.abandonUnsentOffers();
    log("warn", "node_suspect", { nodeId: node.nodeId, epoch: node.epoch, why: "its socket closed" });
    await this.#tell();
    await this.#arm();
  }

  /** The node has shut down in good order: there is nothing to wait for. */
  async #left(link: LinkSocket): Promise<void> {
    if (link !== this.#current) return;
    this.#current = null;
    const node = this.#rows.node();
    if (node === null || node.state === "lost") return;
    this.#change(node.nodeId, node.epoch, "lost", null);
    this.#pending.abandon("unseen");
    log("info", "node_left", { nodeId: node.nodeId, epoch: node.epoch });
    await this.#tell();
    await this.#arm();
  }

  async #judge(nowMs: number): Promise<void> {
    const node = this.#rows.node();
    if (node === null || node.state === "lost") return;
    const { nodeId, epoch } = node;
    const { state, lostAtMs } = this.#judgement(node, nowMs);
    if (state === node.state && (lostAtMs === node.lostAtMs || this.#current !== null)) return;
    this.#change(nodeId, epoch, state, this.#current === null ? lostAtMs : null);
    log(state === "up" ? "info" : "warn", `node_${state}`, { nodeId, epoch, why: "liveness check" });
    if (state === "suspect") this.#pending.abandonUnsentOffers();
    if (state !== "lost") return;
    this.#pending.abandon();
    // A node that wakes up again has fenced itself; it redials and is told which sessions are gone.
    this.#current?.close(TRY_AGAIN_LATER, "no word for too long");
    this.#current = null;
  }

  #judgement(node: NodeRow, nowMs: number) {
    const lastWordMs = this.#current === null ? null : this.#lastWordMs(this.#current);
    return judge({ ...node, lastWordMs, startedMs: this.#startedMs }, nowMs);
  }

  #lastWordMs(link: LinkSocket): number {
    const pingMs = this.ctx.getWebSocketAutoResponseTimestamp(link.ws)?.getTime() ?? 0;
    return Math.max(pingMs, link.state.heardMs);
  }

  #change(nodeId: string, epoch: number, state: NodeState, lostAtMs: number | null): NodeRow {
    const revision = (this.#rows.node()?.revision ?? 0) + 1;
    const node: NodeRow = { nodeId, epoch, state, changedMs: Date.now(), lostAtMs, revision };
    this.#rows.setNode(node);
    return node;
  }

  async #tell(): Promise<void> {
    const node = this.#rows.node();
    if (node !== null) await this.#audience.tell(node);
  }

  /** Sets the alarm for whatever comes next, or none: a node that is gone, with nothing to tell, costs nothing. */
  async #arm(): Promise<void> {
    const nowMs = Date.now();
    const due: number[] = [];
    for (const link of this.#openLinks()) {
      if (link.state.epoch === null) due.push(link.state.openedMs + HELLO_DEADLINE_MS);
    }
    const node = this.#rows.node();
    if (node !== null) {
      const { checkAtMs } = this.#judgement(node, nowMs);
      if (checkAtMs !== null) due.push(checkAtMs);
      if (this.#audience.hasUntold(node)) due.push(nowMs + TELL_AGAIN_MS);
    }
    if (due.length > 0) await this.ctx.storage.setAlarm(Math.max(nowMs, Math.min(...due)));
  }

  // --- sockets -----------------------------------------------------------------------------------------------------

  #welcomed(): LinkSocket | null {
    return this.#current !== null && this.#current.state.epoch !== null ? this.#current : null;
  }

  #linkOf(ws: WebSocket): LinkSocket | null {
    const known = this.#links.get(ws);
    if (known !== undefined) return known;
    const link = LinkSocket.restore(ws);
    if (link !== null) this.#links.set(ws, link);
    return link;
  }

  #openLinks(): LinkSocket[] {
    const links = this.ctx.getWebSockets().map((ws) => this.#linkOf(ws));
    return links.filter((link) => link !== null).filter((link) => link.isOpen);
  }

  /** One socket per node. A newer one than this may wait for its own hello's turn: it stays. */
  #closeOlderThan(link: LinkSocket): void {
    for (const other of this.#openLinks()) {
      const older = other !== link && other.state.openedMs <= link.state.openedMs;
      if (older) other.close(LinkClose.replaced, "a newer socket is here");
    }
  }
}
