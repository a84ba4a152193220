/**
 * The telephone gateway's book: keys, codes, and the minutes of calls. A synchronous core, as the streams' ledger: it awaits
 * nothing and reads neither clock nor chance; every operation is one transaction, and repeating it changes nothing.
 */
import { type GatewayOverview, OPERATOR_KEY } from "../../../shared/telephone/gateway.ts";
import { Schema } from "../schema.ts";
import { number, type SqlPort, text } from "../sql-port.ts";
import { beginCall, type CallEnd, endCall, findCall, MAX_OPEN_CALLS, openCalls, setSession } from "./calls.ts";
import { allCodes, codeFor, dropCode, findCode, renewCode } from "./codes.ts";
import { countWrongCode, hasGuessedTooOften } from "./guesses.ts";
import { GATEWAY_MIGRATIONS } from "./migrations.ts";
import { minutesByKey, monthOf, remainingSeconds, reservedSeconds, resetDateOf } from "./minutes.ts";
import type { CodeAttempt, CodeResult, GatewayTarget, OpenCall, Registration } from "./types.ts";

/** Keys at once. Past it no new one is made. */
export const MAX_KEYS = 1_000;

export class GatewayBook {
  readonly #sql: SqlPort;
  readonly #schema: Schema;
  readonly #random: () => number;

  /** @param random returns a number in [0, 1) that nobody can foretell: codes are drawn from it. */
  constructor(sql: SqlPort, random: () => number) {
    this.#sql = sql;
    this.#schema = new Schema(sql, GATEWAY_MIGRATIONS);
    this.#random = random;
  }

  // --- keys --------------------------------------------------------------------------------------------------------

  /** Makes a key, or changes it: the digest and the quota are the new ones. @returns false where there are too many. */
  putKey(name: string, digest: string, secondsPerMonth: number): boolean {
    this.#schema.ensure();
    return this.#sql.transaction(() => {
      const [row] = this.#sql.rows("SELECT count(*) AS n FROM keys WHERE name <> ?", name);
      if (row !== undefined && number(row, "n") >= MAX_KEYS) return false;
      this.#sql.rows(
        "INSERT OR REPLACE INTO keys (name, digest, seconds_per_month) VALUES (?, ?, ?)",
        name,
        digest,
        secondsPerMonth,
      );
      return true;
    });
  }

  /** With its codes. Calls that are up go on. @returns false if there is none. */
  dropKey(name: string): boolean {
    if (!this.#schema.exists()) return false;
    return this.#sql.transaction(() => {
      this.#sql.rows("DELETE FROM codes WHERE key_name = ?", name);
      return this.#sql.rows("DELETE FROM keys WHERE name = ? RETURNING name", name).length > 0;
    });
  }

  // --- codes -------------------------------------------------------------------------------------------------------

  /** The code of a target: the same as long as it is registered. @param digest of the key; null is the operators' token. */
  register(digest: string | null, target: GatewayTarget, nowMs: number): Registration {
    this.#schema.ensure();
    return this.#sql.transaction(() => {
      const key = this.#keyOf(digest);
      if (key === null) return { ok: false, why: "unknown_key" };
      const month = monthOf(nowMs);
      const remaining = remainingSeconds(this.#sql, key, month);
      // What calls that are up have reserved may come back.
      if (remaining === 0 && reservedSeconds(this.#sql, key, month) === 0) return { ok: false, why: "no_minutes" };
      const code = codeFor(this.#sql, key, target, { nowMs, random: this.#random });
      if (code === null) return { ok: false, why: "too_many_codes" };
      return { ok: true, code, remainingSeconds: remaining, resetDate: resetDateOf(nowMs) };
    });
  }

  /** Gives a code back. @returns false if it is none of the key's. */
  unregister(digest: string | null, code: string): boolean | "unknown_key" {
    if (!this.#schema.exists()) return digest === null ? false : "unknown_key";
    return this.#sql.transaction(() => {
      const key = this.#keyOf(digest);
      if (key === null) return "unknown_key";
      return dropCode(this.#sql, code, key === OPERATOR_KEY ? null : key);
    });
  }

  // --- calls -------------------------------------------------------------------------------------------------------

  /** A caller has typed a code. The same call again gets the same answer while it is up. */
  enter(attempt: CodeAttempt, nowMs: number): CodeResult {
    const { callId, caller } = attempt;
    this.#schema.ensure();
    return this.#sql.transaction(() => {
      const known = findCall(this.#sql, callId);
      if (known === "ended") return { ok: false, why: "no_minutes" };
      if (known !== null) return { ok: true, target: { kind: known.kind, target: known.target } };
      if (hasGuessedTooOften(this.#sql, caller, nowMs)) return { ok: false, why: "too_many_tries" };
      const code = findCode(this.#sql, attempt.code, nowMs);
      if (code === null) {
        countWrongCode(this.#sql, caller, nowMs);
        return { ok: false, why: "wrong_code" };
      }
      const remaining = remainingSeconds(this.#sql, code.key, monthOf(nowMs)) ?? Number.POSITIVE_INFINITY;
      const seconds = Math.min(remaining, attempt.maxSeconds);
      if (seconds < 1 || openCalls(this.#sql).length >= MAX_OPEN_CALLS) return { ok: false, why: "no_minutes" };
      renewCode(this.#sql, code, nowMs);
      beginCall(this.#sql, attempt, code, seconds, nowMs);
      return { ok: true, target: { kind: code.kind, target: code.target } };
    });
  }

  /**
   * A call of a stream of this edge is about to be connected to a session.
   * @param sid null: its session is over, and it waits in line for another.
   * @returns how long it may last, in milliseconds; null for a call that did not come through a code of this stream, or is over.
   */
  session(callId: string, stream: string, sid: string | null, nowMs: number): number | null {
    if (!this.#schema.exists()) return null;
    return this.#sql.transaction(() => {
      const call = findCall(this.#sql, callId);
      if (call === null || call === "ended" || call.kind !== "stream" || call.target !== stream) return null;
      if (call.endsByMs <= nowMs) return null;
      setSession(this.#sql, callId, sid, nowMs);
      return call.endsByMs - nowMs;
    });
  }

  /** A call is over: it is counted, once. @returns the seconds; null where it is none of ours, or was counted. */
  ended(callId: string, end: CallEnd): number | null {
    return this.#schema.exists() ? this.#sql.transaction(() => endCall(this.#sql, callId, end)) : null;
  }

  /** A session is over, and with it the call that still has it. @returns as {@link ended}. */
  sessionEnded(callId: string, sid: string, atMs: number): number | null {
    if (!this.#schema.exists()) return null;
    return this.#sql.transaction(() => {
      const call = findCall(this.#sql, callId);
      if (call === null || call === "ended" || call.session?.sid !== sid) return null;
      return endCall(this.#sql, callId, { atMs });
    });
  }

  /** Calls that are up, the oldest first. */
  calls(): OpenCall[] {
    return this.#schema.exists() ? openCalls(this.#sql) : [];
  }

  /** For operators. */
  overview(nowMs: number): GatewayOverview {
    if (!this.#schema.exists()) return { keys: [], codes: [], calls: [] };
    const minutes = minutesByKey(this.#sql, monthOf(nowMs));
    const quotas = this.#sql
      .rows("SELECT name, seconds_per_month FROM keys ORDER BY name")
      .map((row) => ({ name: text(row, "name"), secondsPerMonth: number(row, "seconds_per_month") }));
    return {
      keys: [{ name: OPERATOR_KEY, secondsPerMonth: null }, ...quotas].map((key) => ({ ...key, ...minutes(key.name) })),
      codes: allCodes(this.#sql, nowMs).map(({ code, key, target, expiresMs }) => ({ code, key, target, expiresMs })),
      calls: this.calls().map(({ callId, code, key, startedMs, endsByMs }) => ({
        callId,
        code,
        key,
        startedMs,
        endsByMs,
      })),
    };
  }

  #keyOf(digest: string | null): string | null {
    if (digest === null) return OPERATOR_KEY;
    const [row] = this.#sql.rows("SELECT name FROM keys WHERE digest = ?", digest);
    return row === undefined ? null : text(row, "name");
  }
}
