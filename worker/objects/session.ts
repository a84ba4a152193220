/**
 * The `Session` object: one per client id of a stream. It takes an offer through admission, placement and the node to
 * its answer, keeps candidates that come before it, and passes on those that come after, inputs to the node, and outputs
 * to whoever watches. It stores nothing.
 */
import { DurableObject } from "cloudflare:workers";
import * as v from "valibot";
import type { IceCandidate } from "../../shared/candidate.ts";
import { type ErrorCode, failedBody, fastRtcRefusal, isErrorCode, withPlace } from "../../shared/errors.ts";
import { sessionOfTicket } from "../../shared/ids.ts";
import { type Command, NODE_MEDIA_PATH } from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { COMMAND_DEADLINE_MS } from "../deadlines.ts";
import { type Env, mediaNodeOf, streamOf } from "../env.ts";
import type { Admission } from "../ledger/types.ts";
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
import { callObject, isReset } from "./call.ts";
import { KeptCandidates } from "./kept-candidates.ts";
import { OutputWatchers, tell } from "./output-watchers.ts";
import { controlCommand, controlResult, isOver } from "./session-control.ts";
import { COLD, next, type Placed, type SessionEvent, type SessionState } from "./session-state.ts";
import { SocketBridge } from "./socket-bridge.ts";

type OfferRequest = Message<SessionApi, "offer">;
type SocketRequest = Message<SessionApi, "openSocket">;
/** What begins a session, over whichever transport. */
type Opening = OfferRequest | SocketRequest;
type Opened = { readonly ok: true; readonly reply: CommandResult & { ok: true } } | (OfferResult & { ok: false });

const ABNORMAL_CLOSE = 1006;

const refused = (code: string, limit?: number) => ({ ok: false, body: fastRtcRefusal(code, limit) }) as const;
const failed = (code: ErrorCode, message?: string) => ({ ok: false, body: failedBody(code, message) }) as const;

type Ref = Pick<Opening, "sid" | "stream" | "clientId">;

function candidateCommand({ sid, stream, clientId }: Ref, candidate: IceCandidate): Command {
  return { id: `${sid}:${crypto.randomUUID()}`, command: "candidate", sid, stream, clientId, candidate };
}

export class Session extends DurableObject<Env> implements SessionApi {
  #state: SessionState = COLD;
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

  async #open(request: Opening): Promise<Opened> {
    checkVersion(request);
    if (this.#offer !== null) {
      return this.#offer.sid === request.sid ? this.#offer.result : refused("connection_already_exists");
    }
    const result = this.#run(request);
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
    const result = this.#candidateResult(sid, await this.#command(state, command));
    // The session ended under it: it may be for the next one.
    if (!result.ok && this.#state.at === "ended") this.#candidates.keep(check);
    return result;
  }

  async control(request: Message<SessionApi, "control">): Promise<ControlResult> {
    checkVersion(request);
    const { stream, clientId, requestId, action } = request;
    const state = await this.#settled(stream, clientId);
    if (state.at !== "answered" || isAnother(state.sid, request.sid)) return { ok: false, error: "unknown_connection" };
    const command = controlCommand({ sid: state.sid, stream, clientId }, requestId, action);
    const reply = await this.#command(state, command);
    this.#learn(state.sid, reply);
    return controlResult(reply);
  }

  // --- outputs -----------------------------------------------------------------------------------------------------

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
    const reply = await this.#command(state, watch);
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

  async outputs(request: Message<SessionApi, "outputs">): Promise<{ watched: boolean }> {
    checkVersion(request);
    const { sid, outputs, ended } = request;
    if (ended && this.#state.at === "answered" && this.#state.sid === sid) this.#on({ event: "closed" });
    return { watched: this.#watchers.send(sid, outputs, ended) };
  }

  // --- media over a WebSocket that has to be bridged -----------------------------------------------------------------

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
      await this.#command(watched, { id, command: "unwatch_outputs", sid, stream, clientId });
    } catch (error) {
      // The node's next output finds nobody, and it is told then.
      log("warn", "unwatch_failed", { sid, stream, reason: reasonOf(error) });
    }
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    await this.webSocketClose(ws, ABNORMAL_CLOSE, "");
  }

  // --- the offer ---------------------------------------------------------------------------------------------------

  /** Every way out of here leaves either an answered session with its lease, or neither. */
  async #run(request: Opening): Promise<Opened> {
    const { sid, stream, clientId, ticket, token, near } = request;
    const untilMs = Date.now() + COMMAND_DEADLINE_MS;
    this.#on({ event: "offer", sid });
    let placed: Placed | null = null;
    try {
      const admission = await callObject(() =>
        streamOf(this.env, stream).admit({ v: PROTOCOL_VERSION, sid, clientId, ticket, token, near }),
      );
      if (!admission.ok) return this.#refuse(admission);
      placed = { sid, nodeId: admission.nodeId, epoch: admission.epoch };
      this.#candidates.restart();
      const tried: string[] = [];
      // A repeated offer may have reached its node before: then only the node can say that it does not have the session.
      let again = admission.again === true;
      for (;;) {
        this.#on({ event: "placed", placed });
        const reply = await this.#command(placed, this.#offerCommand(request), untilMs - Date.now());
        if (reply.ok) return await this.#answer(request, placed, reply);
        if (!isRefusedByNode(reply, again)) return await this.#fail(request, placed, reply);
        tried.push(placed.nodeId);
        const elsewhere = await this.#placeElsewhere(request, tried);
        if (!elsewhere.ok) return this.#refuse(elsewhere, reply.error);
        placed = { sid, nodeId: elsewhere.nodeId, epoch: elsewhere.epoch };
        again = false;
      }
    } catch (error) {
      log("error", "offer_failed", { sid, stream, reason: reasonOf(error) });
      this.#on({ event: "failed" });
      this.#candidates.clear();
      this.ctx.waitUntil(placed === null ? this.#releaseUnplaced(request) : this.#endThenRelease(request, placed));
      return failed(isReset(error) ? "edge_restarting" : "internal");
    }
  }

  #offerCommand(opening: Opening): Command {
    const { sid, stream, clientId, ticket, timeLimitMs, request } = opening;
    const common = {
      id: `${sid}:offer`,
      sid,
      stream,
      clientId,
      ...(ticket === undefined ? {} : { resumes: sessionOfTicket(ticket) }),
      ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
      ...(request === undefined ? {} : { request }),
    };
    if ("sdp" in opening) {
      return { ...common, command: "offer", sdp: opening.sdp, candidates: this.#candidates.withOffer() };
    }
    const { transport, secret } = opening;
    return { ...common, command: "offer_socket", transport, ...(secret === undefined ? {} : { secret }) };
  }

  #placeElsewhere({ sid, stream, clientId, ticket, near }: Opening, tried: string[]): Promise<Admission> {
    const request = { v: PROTOCOL_VERSION, sid, clientId, ticket, near, tried };
    return callObject(() => streamOf(this.env, stream).placeElsewhere(request));
  }

  async #answer(request: Opening, placed: Placed, reply: CommandResult & { ok: true }): Promise<Opened> {
    const lacksSdp = "sdp" in request && reply.sdp === undefined;
    if (lacksSdp) return await this.#fail(request, placed, { ok: false, error: "internal", sent: true });
    this.#on({ event: "answer" });
    for (const candidate of this.#candidates.held()) this.ctx.waitUntil(this.#passOn(request, placed, candidate));
    this.#candidates.clear();
    return { ok: true, reply };
  }

  /** Passes on a candidate whose client has had its reply. */
  async #passOn(request: Opening, placed: Placed, candidate: IceCandidate): Promise<void> {
    try {
      await this.#command(placed, candidateCommand(request, candidate));
    } catch (error) {
      log("warn", "candidate_lost", { sid: request.sid, stream: request.stream, reason: reasonOf(error) });
    }
  }

  /** The ledger has no slot for it, or none any more. @param nodeError why the last node did not take it. */
  #refuse(admission: Admission & { ok: false }, nodeError?: string): Opened {
    const { code, limit, queued } = admission;
    this.#on({ event: "refused", taken: code === "connection_already_exists" });
    this.#candidates.clear();
    const isFastRtc = code === "concurrency_limit_reached" || code === "connection_already_exists";
    const unable = nodeError === "node_unreachable" || nodeError === "protocol_mismatch";
    const own = code === "node_full" && unable ? nodeError : code;
    return { ok: false, body: withPlace(isFastRtc ? fastRtcRefusal(code, limit) : failedBody(own), queued) };
  }

  /** The node did not answer, or not with an answer. */
  async #fail(request: Opening, placed: Placed, reply: CommandResult & { ok: false }): Promise<Opened> {
    this.#on({ event: "failed" });
    this.#candidates.clear();
    if (isSilence(reply)) this.ctx.waitUntil(this.#endThenRelease(request, placed));
    else {
      // It said itself that it does not have the session: the slot is free before the client hears of it.
      await this.#release(request, placed);
      this.ctx.waitUntil(this.#end(request, placed));
    }
    return isErrorCode(reply.error) ? failed(reply.error, reply.message) : failed("internal", reply.error);
  }

  // --- undoing it --------------------------------------------------------------------------------------------------

  /**
   * Ends the session on the node and then frees its lease: never the other way round, for a node that is slow may still
   * take the offer. If the node cannot be asked, the lease falls with the node, by its next snapshot, or by its deadline.
   */
  async #endThenRelease(request: Opening, placed: Placed): Promise<void> {
    if (await this.#end(request, placed)) await this.#release(request, placed);
  }

  /** @returns true if the node said that it does not have the session, or no longer. */
  async #end({ sid, stream, clientId }: Opening, placed: Placed): Promise<boolean> {
    const command = { id: `${sid}:end`, command: "end", sid, stream, clientId, reason: "offer_failed" } as const;
    try {
      const reply = await this.#command(placed, command);
      return reply.ok || !isSilence(reply);
    } catch (error) {
      log("warn", "end_failed", { sid, stream, reason: reasonOf(error) });
      return false;
    }
  }

  async #release({ sid, stream, clientId }: Opening, { nodeId, epoch }: Placed): Promise<void> {
    const lease = { v: PROTOCOL_VERSION, sid, clientId, nodeId, epoch, reason: "offer_failed" } as const;
    try {
      await callObject(() => streamOf(this.env, stream).release(lease));
    } catch (error) {
      log("warn", "release_failed", { sid, stream, reason: reasonOf(error) });
    }
  }

  /** Admission failed under way: it may have given a lease all the same, and if it was repeated, a node have it. */
  async #releaseUnplaced(request: Opening): Promise<void> {
    const { sid, stream, clientId } = request;
    try {
      const info = await callObject(() => streamOf(this.env, stream).find({ v: PROTOCOL_VERSION, clientId }));
      if (info?.state === "pending" && info.lease.sid === sid) await this.#endThenRelease(request, info.lease);
    } catch (error) {
      log("warn", "release_failed", { sid, stream, reason: reasonOf(error) });
    }
  }

  // --- whereabouts -------------------------------------------------------------------------------------------------

  /** The state, once it is known and no offer is under way: what comes right behind an offer means its session. */
  async #settled(stream: string, clientId: string): Promise<SessionState> {
    if (this.#offer !== null) await this.#offer.result;
    if (this.#state.at === "cold") await this.#lookUp(stream, clientId);
    return this.#state;
  }

  /** A reply may say that the session is over, or on a run of its node that is. */
  #learn(sid: string, reply: CommandResult): void {
    if (reply.ok || this.#state.at !== "answered" || this.#state.sid !== sid) return;
    if (isOver(reply)) this.#on({ event: "closed" });
    else if (reply.error === "node_unreachable" && !reply.sent) this.#on({ event: "lost_sight" });
  }

  // --- candidates --------------------------------------------------------------------------------------------------

  async #lookUp(stream: string, clientId: string): Promise<void> {
    const info = await callObject(() => streamOf(this.env, stream).find({ v: PROTOCOL_VERSION, clientId }));
    if (info === null) this.#on({ event: "found_nothing" });
    else if (info.state === "ended") this.#on({ event: "found_ended" });
    else this.#on({ event: "found_lease", placed: info.lease });
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

  #command({ nodeId, epoch }: Placed, command: Command, withinMs = COMMAND_DEADLINE_MS): Promise<CommandResult> {
    const request = { v: PROTOCOL_VERSION, epoch, command, withinMs };
    return callObject(() => mediaNodeOf(this.env, nodeId).command(request));
  }

  #on(event: SessionEvent): void {
    this.#state = next(this.#state, event);
  }
}

/** @param meant the session that a request is for; undefined is any. */
function isAnother(sid: string, meant: string | undefined): boolean {
  return meant !== undefined && meant !== sid;
}

/** True if the node said nothing, so that it may have the session or get it yet. */
function isSilence(reply: CommandResult & { ok: false }): boolean {
  return reply.error === "edge_timeout" || reply.error === "node_unreachable";
}

/**
 * True if the node certainly does not have the session, and another may take it.
 * @param again whether it may have been asked before, by an object that was reset.
 */
function isRefusedByNode(reply: CommandResult & { ok: false }, again: boolean): boolean {
  // A node of the release before does not know every way to open a session.
  if (reply.error === "node_full" || reply.error === "protocol_mismatch") return true;
  return reply.error === "node_unreachable" && !reply.sent && !again;
}
