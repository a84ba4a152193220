/**
 * The `Gateway` object: the telephone gateway's book, one for all. Beside it, it finds out when calls are over that no provider
 * reports: those of this edge's streams by their sessions, all others by the time they may last, when it hangs up.
 */
import { DurableObject } from "cloudflare:workers";
import type { GatewayOverview } from "../../shared/telephone/gateway.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { type Env, streamOf } from "../env.ts";
import { durableSql } from "../ledger/durable-sql.ts";
import { GatewayBook } from "../ledger/gateway/gateway-book.ts";
import type { CodeResult, OpenCall, Registration } from "../ledger/gateway/types.ts";
import { log, reasonOf } from "../log.ts";
import { checkVersion, type GatewayApi, type Message, type Versioned } from "../rpc.ts";
import { accountOf } from "../telephone/account.ts";
import { callObject } from "./call.ts";

/**
 * Sessions of calls are asked about this often, while there are any: one question for each stream. Sooner than an idle object is
 * taken out of memory, and a stream remembers ends only there.
 */
export const CHECK_EVERY_MS = 8_000;

/** A session that ended may be followed by another of the same call, whose media was cut. */
export const RESUME_GRACE_MS = 20_000;

/** A session that is not known yet may still begin: what its ticket is good for, and its node's time to connect. */
const BEGIN_GRACE_MS = 180_000;

/** Calls that are hung up at one time. */
const MAX_HANG_UPS = 20;

interface CallSession {
  readonly callId: string;
  readonly sid: string;
  /** When it was to begin. */
  readonly sinceMs: number;
}

export class Gateway extends DurableObject<Env> implements GatewayApi {
  readonly #book: GatewayBook;
  /** When a call's session was last known to run, by call. */
  readonly #seenMs = new Map<string, number>();
  /** When the alarm is set for, as far as this instance knows; null is not known. */
  #alarmMs: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#book = new GatewayBook(durableSql(ctx.storage), unforeseeable);
  }

  async register(request: Message<GatewayApi, "register">): Promise<Registration> {
    checkVersion(request);
    return this.#book.register(request.digest, request.target, Date.now());
  }

  async unregister(request: Message<GatewayApi, "unregister">): Promise<boolean | "unknown_key"> {
    checkVersion(request);
    return this.#book.unregister(request.digest, request.code);
  }

  async enter(request: Message<GatewayApi, "enter">): Promise<CodeResult> {
    checkVersion(request);
    const result = this.#book.enter(request, Date.now());
    await this.#armAlarm();
    return result;
  }

  async session(request: Message<GatewayApi, "session">): Promise<number | null> {
    checkVersion(request);
    const { callId, stream, sid } = request;
    const leftMs = this.#book.session(callId, stream, sid, Date.now());
    await this.#armAlarm();
    return leftMs;
  }

  async ended(request: Message<GatewayApi, "ended">): Promise<void> {
    checkVersion(request);
    const { callId, atMs, lastedSeconds } = request;
    this.#counted(callId, this.#book.ended(callId, { atMs, lastedSeconds }), "reported");
  }

  async overview(request: Versioned): Promise<GatewayOverview> {
    checkVersion(request);
    return this.#book.overview(Date.now());
  }

  async putKey(request: Message<GatewayApi, "putKey">): Promise<boolean> {
    checkVersion(request);
    const { name, digest, secondsPerMonth } = request;
    return this.#book.putKey(name, digest, secondsPerMonth);
  }

  async dropKey(request: Message<GatewayApi, "dropKey">): Promise<boolean> {
    checkVersion(request);
    return this.#book.dropKey(request.name);
  }

  override async alarm(): Promise<void> {
    this.#alarmMs = null;
    try {
      await this.#endOverdue();
      await this.#askSessions();
      await this.#armAlarm();
    } catch (error) {
      log("error", "gateway_alarm_failed", { reason: reasonOf(error) });
      await this.ctx.storage.setAlarm(Date.now() + CHECK_EVERY_MS);
    }
  }

  /** Calls that have had what was reserved for them. */
  async #endOverdue(): Promise<void> {
    const nowMs = Date.now();
    const overdue = this.#book.calls().filter(({ endsByMs }) => endsByMs <= nowMs);
    await Promise.all(
      overdue.slice(0, MAX_HANG_UPS).map(async (call) => {
        // A session of ours has ended by its own time limit, and the caller is told so.
        if (call.session === null) await this.#hangUp(call);
        this.#counted(call.callId, this.#book.ended(call.callId, { atMs: call.endsByMs }), "time_up");
      }),
    );
  }

  async #hangUp({ callId, provider }: OpenCall): Promise<void> {
    try {
      await accountOf({ ...this.env, EDGERTC_TELEPHONE_PROVIDER: provider }).hangUp(callId);
    } catch (error) {
      // There is no account, or the call is over: no provider tells the two apart for us.
      log("warn", "gateway_hang_up_failed", { callId, reason: reasonOf(error) });
    }
  }

  async #askSessions(): Promise<void> {
    const running = this.#book.calls().flatMap(({ callId, target, session }) => {
      return session === null ? [] : [{ callId, stream: target, ...session }];
    });
    const up = new Set(running.map(({ callId }) => callId));
    for (const callId of this.#seenMs.keys()) if (!up.has(callId)) this.#seenMs.delete(callId);
    const streams = Map.groupBy(running, ({ stream }) => stream);
    // All of them: the book has a bounded number.
    await Promise.all([...streams].map(([stream, calls]) => this.#askStream(stream, calls)));
  }

  async #askStream(stream: string, calls: readonly CallSession[]): Promise<void> {
    const sids = calls.map(({ sid }) => sid);
    const ends = await callObject(() => streamOf(this.env, stream).endsOf({ v: PROTOCOL_VERSION, sids }));
    const nowMs = Date.now();
    for (const [index, { callId, sid, sinceMs }] of calls.entries()) {
      const end = ends[index] ?? null;
      if (end === "running") {
        this.#seenMs.set(callId, nowMs);
        continue;
      }
      if (nowMs - (end ?? sinceMs) < (end === null ? BEGIN_GRACE_MS : RESUME_GRACE_MS)) continue;
      // Forgotten, with a stream's object that was reset: it was over soon after it was last seen. Never seen, it never began.
      const atMs = end ?? this.#seenMs.get(callId) ?? sinceMs;
      this.#counted(callId, this.#book.sessionEnded(callId, sid, atMs), "session_ended");
    }
  }

  #counted(callId: string, seconds: number | null, how: string): void {
    if (seconds === null) return;
    log("info", "gateway_call_ended", { callId, seconds, how });
  }

  /** While sessions are up they are asked about; else it is the first call's time that matters. */
  async #armAlarm(): Promise<void> {
    const calls = this.#book.calls();
    if (calls.length === 0) return;
    const first = Math.min(...calls.map(({ endsByMs }) => endsByMs));
    const asks = calls.some(({ session }) => session !== null);
    const dueMs = Math.max(Date.now(), asks ? Math.min(first, Date.now() + CHECK_EVERY_MS) : first);
    if (this.#alarmMs !== null && this.#alarmMs <= dueMs) return;
    this.#alarmMs = dueMs;
    await this.ctx.storage.setAlarm(dueMs);
  }
}

/** In [0, 1), as nobody can foretell it. */
function unforeseeable(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
}
