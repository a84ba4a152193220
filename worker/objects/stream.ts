/**
 * The `Stream` object: one per stream, the owner of its ledger. It turns calls into ledger operations, wakes up for
 * expiries, and remembers for a while how sessions ended. It decides nothing itself.
 */
import { DurableObject } from "cloudflare:workers";
import type { SessionEvent } from "../../shared/link.ts";
import type { EndReason } from "../../shared/session.ts";
import { recordEnd } from "../analytics.ts";
import { type Env, streamNameOf } from "../env.ts";
import { durableSql } from "../ledger/durable-sql.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { LedgerOverview, SessionRow } from "../ledger/overview.ts";
import type { Admission, Lease, LeaseOutcome, LeaseRef, LedgerStatus, TicketStatus, Wait } from "../ledger/types.ts";
import { log, reasonOf } from "../log.ts";
import {
  checkVersion,
  type Message,
  type SessionInfo,
  type StreamApi,
  type UnwantedSession,
  type Versioned,
} from "../rpc.ts";
import { noticeEnds } from "./end-notice.ts";
import { EndedSessions } from "./ended-sessions.ts";

/** After an alarm that failed, the next try. */
const ALARM_RETRY_MS = 5_000;

export class Stream extends DurableObject<Env> implements StreamApi {
  readonly #ledger: Ledger;
  readonly #ended = new EndedSessions();
  /** When the alarm is set for, as far as this instance knows; null is not known. */
  #alarmMs: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#ledger = new Ledger(durableSql(ctx.storage), Math.random);
  }

  async admit(request: Message<StreamApi, "admit">): Promise<Admission> {
    checkVersion(request);
    const { sid, clientId, ticket, token, near } = request;
    // A repeated call that comes after its session's end must not bring it back.
    if (this.#ended.get(clientId)?.sid === sid) return { ok: false, code: "edge_restarting" };
    const admission = this.#ledger.admit({ sid, clientId, ticket, token, near, nowMs: Date.now() });
    await this.#armAlarm();
    return admission;
  }

  async placeElsewhere(request: Message<StreamApi, "placeElsewhere">): Promise<Admission> {
    checkVersion(request);
    const { sid, clientId, ticket, near, tried } = request;
    const admission = this.#ledger.placeElsewhere({ sid, clientId, ticket, near, tried, nowMs: Date.now() });
    if (!admission.ok) this.#ended.add(clientId, { sid, reason: "offer_failed" });
    await this.#armAlarm();
    return admission;
  }

  async release(request: Versioned & LeaseRef & { reason: EndReason }): Promise<void> {
    checkVersion(request);
    this.#release(request, request.reason);
    await this.#armAlarm();
  }

  async wait(request: Message<StreamApi, "wait">): Promise<Wait> {
    checkVersion(request);
    const wait = this.#ledger.wait(request.sid, Date.now());
    await this.#armAlarm();
    return wait;
  }

  async ticket(request: Message<StreamApi, "ticket">): Promise<TicketStatus> {
    checkVersion(request);
    const status = this.#ledger.ticket(request.ticket, Date.now());
    await this.#armAlarm();
    return status;
  }

  async leave(request: Message<StreamApi, "leave">): Promise<boolean> {
    checkVersion(request);
    const left = this.#ledger.leave(request.ticket, Date.now());
    await this.#armAlarm();
    return left;
  }

  async find(request: Message<StreamApi, "find">): Promise<SessionInfo> {
    checkVersion(request);
    const lease = this.#ledger.find(request.clientId);
    if (lease !== null) return { state: lease.state, lease, sinceMs: lease.admittedMs };
    const ended = this.#ended.get(request.clientId);
    return ended === null ? null : { state: "ended", ...ended };
  }

  async endOf({ v, sid }: Message<StreamApi, "endOf">): Promise<EndReason | "running" | null> {
    checkVersion({ v });
    return this.#ledger.holds(sid) ? "running" : (this.#ended.bySid(sid)?.reason ?? null);
  }

  async endsOf({ v, sids }: Message<StreamApi, "endsOf">): Promise<(number | "running" | null)[]> {
    checkVersion({ v });
    return sids.map((sid) => (this.#ledger.holds(sid) ? "running" : (this.#ended.bySid(sid)?.sinceMs ?? null)));
  }

  async status(request: Versioned): Promise<LedgerStatus> {
    checkVersion(request);
    return this.#ledger.status();
  }

  async overview(request: Versioned): Promise<LedgerOverview> {
    checkVersion(request);
    return this.#ledger.overview();
  }

  async sessions(request: Message<StreamApi, "sessions">): Promise<SessionRow[]> {
    checkVersion(request);
    return this.#ledger.sessions(request.after, request.count);
  }

  async setLimit(request: Message<StreamApi, "setLimit">): Promise<void> {
    checkVersion(request);
    this.#ledger.setLimit(request.limit, Date.now());
    // Who waits may have been called.
    await this.#armAlarm();
  }

  async nodeUp(request: Message<StreamApi, "nodeUp">): Promise<{ end: string[] } | null> {
    checkVersion(request);
    const { epoch } = request;
    const { build, concurrencyLimit, queue = null, timeLimit } = request.descriptor;
    const timeLimitMs = timeLimit === null ? null : timeLimit * 1_000;
    const result = this.#ledger.nodeUp({ ...request, build, concurrencyLimit, queue, timeLimitMs }, Date.now());
    if (result === null) return null;
    for (const lease of result.freed) this.#remember(lease, lease.epoch === epoch ? "ended_by_edge" : "node_lost");
    this.#noticeEnds(result.freed);
    await this.#armAlarm();
    return { end: [...result.end] };
  }

  async nodeChanged(request: Message<StreamApi, "nodeChanged">): Promise<void> {
    checkVersion(request);
    const freed = this.#ledger.nodeChanged(request, Date.now());
    for (const lease of freed) this.#remember(lease, "node_lost");
    this.#noticeEnds(freed);
    // Offers on their way to a node that is lost have less time now.
    this.#alarmMs = null;
    await this.#armAlarm();
  }

  async nodeLoad(request: Message<StreamApi, "nodeLoad">): Promise<void> {
    checkVersion(request);
    this.#ledger.nodeLoad(request, Date.now());
    await this.#armAlarm();
  }

  async nodeReport(request: Message<StreamApi, "nodeReport">): Promise<{ end: UnwantedSession[] }> {
    checkVersion(request);
    const end: UnwantedSession[] = [];
    for (const event of request.events) {
      const outcome = this.#apply(event, request);
      if (event.event !== "connected" || outcome === "done") continue;
      const { sid, stream, clientId } = event;
      end.push({ sid, stream, clientId, ...(outcome === "taken" ? { reason: "client_id_taken" } : {}) });
    }
    await this.#armAlarm();
    return { end };
  }

  override async alarm(): Promise<void> {
    this.#alarmMs = null;
    try {
      for (const lease of this.#ledger.expire(Date.now())) this.#remember(lease, "never_connected");
      await this.#armAlarm();
    } catch (error) {
      log("error", "stream_alarm_failed", { reason: reasonOf(error) });
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** @returns `done` if the session has a lease here. */
  #apply(event: SessionEvent, node: { nodeId: string; epoch: number }): LeaseOutcome | "taken" {
    const ref = { sid: event.sid, clientId: event.clientId, nodeId: node.nodeId, epoch: node.epoch };
    if (event.event === "connected") return this.#ledger.connected(ref);
    return this.#release(ref, event.reason) ? "done" : "unknown";
  }

  #release(ref: LeaseRef, reason: EndReason): boolean {
    const { sid, clientId } = ref;
    // Asked for before it is gone, and only where somebody wants to know.
    const held = this.env.ANALYTICS === undefined ? null : this.#ledger.find(clientId);
    const how = { timeUp: reason === "time_limit", begun: reason !== "offer_failed" };
    const done = this.#ledger.release(ref, Date.now(), how) === "done";
    if (done && held !== null) this.#record(held, reason);
    if (done) this.#ended.add(clientId, { sid, reason, sinceMs: Date.now() });
    else this.#ended.correct(clientId, { sid, reason });
    return done;
  }

  #noticeEnds(leases: readonly Lease[]): void {
    const stream = streamNameOf(this.ctx.id);
    if (stream !== null && leases.length > 0) this.ctx.waitUntil(noticeEnds(this.env, stream, leases));
  }

  /** A session that the edge itself ended: no node's log has it. */
  #remember(lease: Lease, reason: EndReason): void {
    const { sid, nodeId } = lease;
    log("info", "session_ended", { stream: streamNameOf(this.ctx.id), sid, nodeId, reason });
    this.#record(lease, reason);
    this.#ended.add(lease.clientId, { sid: lease.sid, reason, sinceMs: Date.now() });
  }

  #record({ nodeId, admittedMs }: Lease & { readonly admittedMs?: number }, reason: EndReason): void {
    const stream = streamNameOf(this.ctx.id);
    if (stream === null) return;
    const lastedMs = admittedMs === undefined ? null : Date.now() - admittedMs;
    recordEnd(this.env, { stream, reason, nodeId, lastedMs });
  }

  /**
   * Sessions' deadlines only grow, so that one alarm serves every session admitted before it fires: a row each 45 s at
   * most. Only a slot that is held for somebody in line comes sooner.
   */
  async #armAlarm(): Promise<void> {
    const dueMs = this.#alarmMs === null ? this.#ledger.nextExpiryMs() : this.#ledger.nextHoldEndsMs();
    if (dueMs === null || (this.#alarmMs !== null && this.#alarmMs <= dueMs)) return;
    this.#alarmMs = dueMs;
    // After an eviction this may repeat what is set already.
    await this.ctx.storage.setAlarm(dueMs);
  }
}
