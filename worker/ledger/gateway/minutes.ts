/**
 * Minutes of calls: what a key has left of its month. A call reserves what it may last, and gives back what it did not use, so
 * that no number of calls at once can use more than there is. Inside a transaction of the book.
 */
import { OPERATOR_KEY } from "../../../shared/telephone/gateway.ts";
import { number, type SqlPort, type SqlRow, text } from "../sql-port.ts";

/** The calendar month that a moment is in: `2026-11`, in UTC. */
export function monthOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 7);
}

/** A call that began in it may be counted in the next. */
function monthBefore(month: string): string {
  const first = new Date(`${month}-01T00:00:00Z`);
  return monthOf(first.setUTCMonth(first.getUTCMonth() - 1));
}

/** The first day of the next one. */
export function resetDateOf(nowMs: number): string {
  const now = new Date(nowMs);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString().slice(0, 10);
}

/** Seconds in a month; null is as many as one likes. */
function quotaOf(sql: SqlPort, key: string): number | null {
  if (key === OPERATOR_KEY) return null;
  const [row] = sql.rows("SELECT seconds_per_month FROM keys WHERE name = ?", key);
  return row === undefined ? 0 : number(row, "seconds_per_month");
}

function usedSeconds(sql: SqlPort, key: string, month: string): number {
  const [row] = sql.rows("SELECT seconds FROM minutes WHERE key_name = ? AND month = ?", key, month);
  return row === undefined ? 0 : number(row, "seconds");
}

/** What calls that are up may still use. */
export function reservedSeconds(sql: SqlPort, key: string, month: string): number {
  const [row] = sql.rows(
    "SELECT total(reserved_seconds) AS seconds FROM calls WHERE ended_ms IS NULL AND key_name = ? AND month = ?",
    key,
    month,
  );
  return row === undefined ? 0 : number(row, "seconds");
}

/** What every key has used, and has reserved, in two questions however many there are. */
export function minutesByKey(
  sql: SqlPort,
  month: string,
): (key: string) => { readonly usedSeconds: number; readonly reservedSeconds: number } {
  const byKey = (rows: readonly SqlRow[]) =>
    new Map(rows.map((row) => [text(row, "key_name"), number(row, "seconds")] as const));
  const used = byKey(sql.rows("SELECT key_name, seconds FROM minutes WHERE month = ?", month));
  const reserved = byKey(
    sql.rows(
      `SELECT key_name, total(reserved_seconds) AS seconds FROM calls
       WHERE ended_ms IS NULL AND month = ? GROUP BY key_name`,
      month,
    ),
  );
  return (key) => ({ usedSeconds: used.get(key) ?? 0, reservedSeconds: reserved.get(key) ?? 0 });
}

/** What a new call could have; null is as much as it likes. */
export function remainingSeconds(sql: SqlPort, key: string, month: string): number | null {
  const quota = quotaOf(sql, key);
  if (quota === null) return null;
  return Math.max(0, quota - usedSeconds(sql, key, month) - reservedSeconds(sql, key, month));
}

export function useSeconds(sql: SqlPort, key: string, month: string, seconds: number): void {
  if (seconds === 0) return;
  sql.rows("DELETE FROM minutes WHERE month < ?", monthBefore(month));
  sql.rows(
    `INSERT INTO minutes (key_name, month, seconds) VALUES (?1, ?2, ?3)
     ON CONFLICT (key_name, month) DO UPDATE SET seconds = seconds + ?3`,
    key,
    month,
    seconds,
  );
}
