/**
 * Join tokens that were used: each is good for one session. While that lasts, its lease remembers the token and costs no row
 * more; a session that ends before its token would leaves a row until then. Inside a transaction of the ledger.
 */
import type { SqlPort } from "./sql-port.ts";

/** A token as a lease remembers it. */
export interface HeldToken {
  readonly id: string;
  readonly forgetAtMs: number;
}

/** @returns whether a session has the token, or had it. */
export function isUsed(sql: SqlPort, { id }: HeldToken): boolean {
  const found = sql.rows(
    "SELECT 1 AS used FROM leases WHERE token_id = ?1 UNION ALL SELECT 1 FROM used_tokens WHERE token_id = ?1 LIMIT 1",
    id,
  );
  return found.length > 0;
}

/** The session that had the token is over. */
export function rememberUsed(sql: SqlPort, { id, forgetAtMs }: HeldToken, nowMs: number): void {
  if (forgetAtMs <= nowMs) return;
  sql.rows("DELETE FROM used_tokens WHERE forget_at_ms <= ?", nowMs);
  sql.rows("INSERT OR REPLACE INTO used_tokens (token_id, forget_at_ms) VALUES (?, ?)", id, forgetAtMs);
}
