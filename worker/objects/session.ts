/**
 * The `Session` object: one per client id of a stream. It opens its sessions one at a time, keeps candidates that come
 * before the answer and passes on those that come after, inputs to the node, and outputs to whoever watches. It stores
 * nothing.
 */
import { DurableObject } from "cloudflare:workers";
import * as v from "valibot";
import { isErrorCode } from "../../shared/errors.ts";
import { NODE_MEDIA_PATH } from "../../shared/link.ts";
import type { Env } from "../env.ts";
import { log, reasonOf } from "../log.ts";
import { seqAfter, tagOf, WatchQuery } from "../outputs/watch-protocol.ts";
import { refuse, refuseUnknown } from "../routes/reply.ts";
import {
  BRIDGE_PATH,
  type CandidateResult,
  type CommandResult,
  type ControlResult,
  checkVersion,
  type Message,
  type OfferResult,
  type SessionApi,
  type SocketResult,
} from "../rpc.ts";
import { KeptCandidates } from "./kept-candidates.ts";
import { type OfferRequest, type Opened, Opening, type OpeningRequest, type SocketRequest } from "./opening.ts";
import { OutputWatchers, tell } from "./output-watchers.ts";
import { failed, refused } from "./refusal.ts";
import { SessionCalls } from "./session-calls.ts";
import { candidateCommand, controlCommand, controlResult, isOver } from "./session-control.ts";
import { COLD, next, type SessionEvent, type SessionState } from "./session-state.ts";
import { SocketBridge } from "./socket-bridge.ts";

const ABNORMAL_CLOSE = 1006;

export class Session extends DurableObject<Env> implements SessionApi {
  #state: SessionState = COLD;
  readonly #calls = new SessionCalls(this.env);
  readonly #candidates = new KeptCandidates();
  readonly #watchers = new OutputWatchers(this.ctx);
  readonly #bridge = new SocketBridge(this.ctx);
  /** The offer under way, for the same request again: the Worker repeats it when it lost its connection to here. */
  #offer: { readonly sid: string; readonly result: Promise<Opened> } | null = null;

  async offer(request: OfferRequest): Promise<OfferResult> {
    const opened = await this.#open(request);
    if (!opened.ok) return opened;
    const { sdp } = opened.reply;
    return sdp === undefined ? failed("internal") : { ok: true, sdp };
  }

  async openSocket(request: SocketRequest): Promise<SocketResult> {
    const opened = await this.#open(request);
    if (!opened.ok) return opened;
    const { socketUrl } = opened.reply;
    return { ok: true, ...(socketUrl === undefined ? {} : { socketUrl }) };
  }

  async #open(request: OpeningRequest): Promise<Opened> {
    checkVersion(request);
    if (this.#offer !== null) {
      return this.#offer.sid === request.sid ? this.#offer.result : refused("connection_already_exists");
    }
    const opening = new Opening(request, {
      calls: this.#calls,
      candidates: this.#candidates,
      on: (event) => this.#on(event),
      waitUntil: (work) => this.ctx.waitUntil(work),
    });
    const result = opening.run();
    this.#offer = { sid: request.sid, result };
    try {
      return await result;
    } finally {
      this.#offer = null;
    }
  }

  async candidate(request: Message<SessionApi, "candidate">): Promise<CandidateResult> {
    checkVersion(request);
    const { stream, clientId, check } = request;
    if (this.#state.at === "cold") await this.#lookUp(stream, clientId);
    const state = this.#state;
    // FastRTC's order: an unknown connection first, then a closed one, then the format.
    if (state.at === "ended") {
      this.#candidates.keep(check);
      return refused("connection_closed");
    }
    if (state.at !== "offered" && state.at !== "answered") {
      this.#candidates.keep(check);
      return refused("unknown_connection");
    }
    if (!check.ok) return refused(check.error);
    if (!this.#candidates.count()) return failed("too_many_candidates");
    if (state.at === "offered") {
      this.#candidates.hold(check.candidate);
      return { ok: true };
    }
    const { sid } = state;
    const command = candidateCommand({ sid, stream, clientId }, check.candidate);
    const result = this.#candidateResult(sid, await this.#calls.command(state, command));
    // The session ended under it: it may be for the next one.
    if (!result.ok && this.#state.at === "ended") this.#candidates.keep(check);
    return result;
  }

  #candidateResult(sid: string, reply: CommandResult): CandidateResult {
    if (reply.ok) return { ok: true };
    const { error, message } = reply;
    if (error === "connection_closed" || error === "unknown_connection") {
      if (this.#state.at === "answered" && this.#state.sid === sid) this.#on({ event: "closed" });
      return refused("connection_closed");
    }
    // FastRTC passes the text of any exception on; so do we where the node has one of its own.
    return isErrorCode(error) && error !== "invalid_candidate_format" ? failed(error, message) : refused(error);
  }

  async control(request: Message<SessionApi, "control">): Promise<ControlResult> {
    checkVersion(request);
    const { stream, clientId, requestId, action } = request;
    const state = await this.#settled(stream, clientId);
    if (state.at !== "answered" || isAnother(state.sid, request.sid)) return { ok: false, error: "unknown_connection" };
    const command = controlCommand({ sid: state.sid, stream, clientId }, requestId, action);
    const reply = await this.#calls.command(state, command);
    if (action.kind === "restart" && reply.ok) this.#candidates.restart();
    this.#learn(state.sid, reply);
    return controlResult(reply);
  }

  async outputs(request: Message<SessionApi, "outputs">): Promise<{ watched: boolean }> {
    checkVersion(request);
    const { sid, outputs, ended } = request;
    if (ended && this.#state.at === "answered" && this.#state.sid === sid) this.#on({ event: "closed" });
    return { watched: this.#watchers.send(sid, outputs, ended) };
  }

  // --- sockets: of who watches its outputs, and of media that has to be bridged --------------------------------------

  override async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.endsWith(NODE_MEDIA_PATH)) return this.#nodeDials(searchParams.get("sid"));
    if (pathname === BRIDGE_PATH) return this.#clientComes(searchParams.get("sid"));
    return this.#watch(searchParams);
  }

  /** A watcher's socket. It is the caller's business to open it again, unless it is told that the session is over. */
  async #watch(searchParams: URLSearchParams): Promise<Response> {
    const query = v.safeParse(WatchQuery, Object.fromEntries(searchParams));
    if (!query.success) return refuse("internal", "not a watcher's request");
    const { stream, clientId, after } = query.output;
    const state = await this.#settled(stream, clientId);
    if (state.at === "ended") return new Response(null, { status: 204 });
    if (state.at !== "answered") return refuseUnknown();
    // Its client knows that one, and it is over.
    if (isAnother(state.sid, query.output.sid)) return new Response(null, { status: 204 });
    const { sid, nodeId, epoch } = state;
    if (this.#watchers.isFull(sid)) return refuse("too_many_watchers");
    // Taken before the node is asked: what it reports from then on must find the socket.
    const { client, server } = this.#watchers.add({ sid, stream, clientId, nodeId, epoch });
    const tag = tagOf(sid);
    const id = `${sid}:watch:${crypto.randomUUID()}`;
    const watch = { id, command: "watch_outputs", sid, stream, clientId, after: seqAfter(after, tag) } as const;
    const reply = await this.#calls.command(state, watch);
    if (reply.ok && reply.outputs !== undefined) {
      tell(server, { kind: "kept", tag, ...reply.outputs });
      return new Response(null, { status: 101, webSocket: client });
    }
    this.#watchers.gone(server);
    server.close(1000, "not watched");
    this.#learn(sid, reply);
    if (isOver(reply)) return new Response(null, { status: 204 });
    const result = controlResult(reply);
    return result.ok ? refuse("internal") : refuse(result.error, result.message);
  }

  #nodeDials(sid: string | null): Response {
    // It may dial before its reply is here. An object that was reset has neither: the caller has lost it, too.
    const state = this.#state;
    const expected = (state.at === "offered" || state.at === "answered") && state.sid === sid;
    if (!expected || sid === null) return refuseUnknown();
    return new Response(null, { status: 101, webSocket: this.#bridge.node(sid) });
  }

  async #clientComes(sid: string | null): Promise<Response> {
    if (sid === null || this.#state.at !== "answered" || this.#state.sid !== sid) return refuse("edge_restarting");
    const client = await this.#bridge.client(sid);
    return client === null ? refuse("node_unreachable") : new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(ws: WebSocket, data: string | ArrayBuffer): void {
    this.#bridge.pass(ws, data);
  }

  override async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    if (this.#bridge.closed(ws, code, reason)) return;
    const watched = this.#watchers.gone(ws);
    if (watched === null) return;
    const { sid, stream, clientId } = watched;
    const id = `${sid}:unwatch:${crypto.randomUUID()}`;
    try {
      await this.#calls.command(watched, { id, command: "unwatch_outputs", sid, stream, clientId });
    } catch (error) {
      // The node's next output finds nobody, and it is told then.
      log("warn", "unwatch_failed", { sid, stream, reason: reasonOf(error) });
    }
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    await this.webSocketClose(ws, ABNORMAL_CLOSE, "");
  }

  // --- whereabouts -------------------------------------------------------------------------------------------------

  /** The state, once it is known and no offer is under way: what comes right behind an offer means its session. */
  async #settled(stream: string, clientId: string): Promise<SessionState> {
    if (this.#offer !== null) await this.#offer.result;
    if (this.#state.at === "cold") await this.#lookUp(stream, clientId);
    return this.#state;
  }

  /** After an eviction: the ledger knows. */
  async #lookUp(stream: string, clientId: string): Promise<void> {
    const info = await this.#calls.find(stream, clientId);
    if (info === null) this.#on({ event: "found_nothing" });
    else if (info.state === "ended") this.#on({ event: "found_ended" });
    else this.#on({ event: "found_lease", placed: info.lease });
  }

  /** A reply may say that the session is over, or on a run of its node that is. */
  #learn(sid: string, reply: CommandResult): void {
    if (reply.ok || this.#state.at !== "answered" || this.#state.sid !== sid) return;
    if (isOver(reply)) this.#on({ event: "closed" });
    else if (reply.error === "node_unreachable" && !reply.sent) this.#on({ event: "lost_sight" });
  }

  #on(event: SessionEvent): void {
    this.#state = next(this.#state, event);
  }
}

/** @param meant the session that a request is for; undefined is any. */
function isAnother(sid: string, meant: string | undefined): boolean {
  return meant !== undefined && meant !== sid;
}
