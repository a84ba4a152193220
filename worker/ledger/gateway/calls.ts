/** Calls through the gateway, from the code to the end that is counted. Inside a transaction of the book. */

import * as v from "valibot";
import { TelephoneProvider } from "../../../shared/telephone/call-message.ts";
import { number, type SqlPort, type SqlRow, text } from "../sql-port.ts";
import { type Code, targetIn } from "./codes.ts";
import { monthOf, useSeconds } from "./minutes.ts";
import type { CodeAttempt, OpenCall } from "./types.ts";

/** A call that has ended is remembered this long: a provider repeats what it is not sure to have said. */
const REMEMBER_ENDED_MS = 24 * 60 * 60_000;

/** Calls at once. Past it callers are told that no minutes are left. */
export const MAX_OPEN_CALLS = 1_000;

/** How a call ended, as far as is known. */
export interface CallEnd {
  readonly atMs: number;
  /** What the provider says that the whole call took, the typing included. */
  readonly lastedSeconds?: number | null | undefined;
}

export function openCalls(sql: SqlPort): OpenCall[] {
  return sql.rows("SELECT * FROM calls WHERE ended_ms IS NULL ORDER BY started_ms, call_id").map(asCall);
}

export function findCall(sql: SqlPort, callId: string): OpenCall | "ended" | null {
  const [row] = sql.rows("SELECT * FROM calls WHERE call_id = ?", callId);
  if (row === undefined) return null;
  return row["ended_ms"] === null ? asCall(row) : "ended";
}

/** @param seconds what is reserved for it. */
export function beginCall(
  sql: SqlPort,
  { callId, provider }: CodeAttempt,
  { code, key, kind, target }: Code,
  seconds: number,
  nowMs: number,
): void {
  sql.rows("DELETE FROM calls WHERE ended_ms <= ?", nowMs - REMEMBER_ENDED_MS);
  sql.rows(
    `INSERT INTO calls (call_id, provider, code, key_name, month, kind, target, started_ms, reserved_seconds)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    callId,
    provider,
    code,
    key,
    monthOf(nowMs),
    kind,
    target,
    nowMs,
    seconds,
  );
}

/** @param sid null: it has none any more, and waits for another. */
export function setSession(sql: SqlPort, callId: string, sid: string | null, nowMs: number): void {
  sql.rows("UPDATE calls SET sid = ?, session_ms = ? WHERE call_id = ?", sid, nowMs, callId);
}

/** Counts what a call took: once, and never more than was reserved for it. @returns the seconds; null where it had ended. */
export function endCall(sql: SqlPort, callId: string, { atMs, lastedSeconds }: CallEnd): number | null {
  const [row] = sql.rows("SELECT * FROM calls WHERE call_id = ? AND ended_ms IS NULL", callId);
  if (row === undefined) return null;
  const { key, startedMs, endsByMs } = asCall(row);
  const told = lastedSeconds ?? Number.POSITIVE_INFINITY;
  const seconds = Math.ceil(Math.max(0, Math.min(atMs - startedMs, told * 1_000, endsByMs - startedMs)) / 1_000);
  sql.rows("UPDATE calls SET ended_ms = ? WHERE call_id = ?", Math.max(atMs, startedMs), callId);
  useSeconds(sql, key, text(row, "month"), seconds);
  return seconds;
}

function asCall(row: SqlRow): OpenCall {
  const startedMs = number(row, "started_ms");
  return {
    callId: text(row, "call_id"),
    provider: v.parse(TelephoneProvider, row["provider"]),
    code: text(row, "code"),
    key: text(row, "key_name"),
    ...targetIn(row),
    startedMs,
    endsByMs: startedMs + number(row, "reserved_seconds") * 1_000,
    session: row["sid"] === null ? null : { sid: text(row, "sid"), sinceMs: number(row, "session_ms") },
  };
}
