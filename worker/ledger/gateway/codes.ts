/** Codes and where they lead. Inside a transaction of the book. */
import { CODE_DIGITS, OPERATOR_KEY } from "../../../shared/telephone/gateway.ts";
import { number, numberOrNull, type SqlPort, type SqlRow, text } from "../sql-port.ts";
import type { GatewayTarget } from "./types.ts";

/** A key's code is good for this long after it was registered or last called. Operators' own stay. */
export const CODE_LIFETIME_MS = 24 * 60 * 60_000;

/** Codes of one key, and in all: one code in a hundred that somebody guesses leads anywhere. */
export const MAX_CODES_PER_KEY = 20;
export const MAX_CODES = 10_000;

/** Draws that find no free code are as good as impossible: one in a hundred is taken. */
const MAX_DRAWS = 50;

export interface Code extends GatewayTarget {
  readonly code: string;
  readonly key: string;
  readonly expiresMs: number | null;
}

const COLUMNS = "code, key_name, kind, target, expires_ms";

export function findCode(sql: SqlPort, code: string, nowMs: number): Code | null {
  const [row] = sql.rows(`SELECT ${COLUMNS} FROM codes WHERE code = ?`, code);
  const found = row === undefined ? null : asCode(row);
  return found === null || isOver(found, nowMs) ? null : found;
}

/** The code of a target, with its lifetime anew; a new one where it has none. @returns null past a limit. */
export function codeFor(
  sql: SqlPort,
  key: string,
  { kind, target }: GatewayTarget,
  { nowMs, random }: { readonly nowMs: number; readonly random: () => number },
): string | null {
  sql.rows("DELETE FROM codes WHERE expires_ms <= ?", nowMs);
  const own = sql.rows(`SELECT ${COLUMNS} FROM codes WHERE key_name = ?`, key).map(asCode);
  const known = own.find((code) => code.kind === kind && code.target === target);
  if (known !== undefined) {
    renewCode(sql, known, nowMs);
    return known.code;
  }
  const [row] = sql.rows("SELECT count(*) AS n FROM codes");
  if (row !== undefined && number(row, "n") >= MAX_CODES) return null;
  if (key !== OPERATOR_KEY && own.length >= MAX_CODES_PER_KEY) return null;
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const code = String(Math.floor(random() * 10 ** CODE_DIGITS)).padStart(CODE_DIGITS, "0");
    if (sql.rows("SELECT 1 AS taken FROM codes WHERE code = ?", code).length > 0) continue;
    const expiresMs = key === OPERATOR_KEY ? null : nowMs + CODE_LIFETIME_MS;
    sql.rows(`INSERT INTO codes (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`, code, key, kind, target, expiresMs);
    return code;
  }
  return null;
}

/** Its lifetime begins anew. */
export function renewCode(sql: SqlPort, { code, expiresMs }: Code, nowMs: number): void {
  // A row each hour at most.
  if (expiresMs === null || expiresMs > nowMs + CODE_LIFETIME_MS - 60 * 60_000) return;
  sql.rows("UPDATE codes SET expires_ms = ? WHERE code = ?", nowMs + CODE_LIFETIME_MS, code);
}

/** @param key whose code it has to be; null is anybody's. @returns false if there is none. */
export function dropCode(sql: SqlPort, code: string, key: string | null): boolean {
  const query = "DELETE FROM codes WHERE code = ?1 AND (?2 IS NULL OR key_name = ?2) RETURNING code";
  return sql.rows(query, code, key).length > 0;
}

export function allCodes(sql: SqlPort, nowMs: number): Code[] {
  return sql
    .rows(`SELECT ${COLUMNS} FROM codes ORDER BY code`)
    .map(asCode)
    .filter((code) => !isOver(code, nowMs));
}

const isOver = ({ expiresMs }: Code, nowMs: number): boolean => expiresMs !== null && expiresMs <= nowMs;

function asCode(row: SqlRow): Code {
  return {
    code: text(row, "code"),
    key: text(row, "key_name"),
    ...targetIn(row),
    expiresMs: numberOrNull(row, "expires_ms"),
  };
}

/** Of a code's row, or a call's. */
export function targetIn(row: SqlRow): GatewayTarget {
  const kind = text(row, "kind");
  if (kind !== "stream" && kind !== "media" && kind !== "incoming") throw new TypeError(`no target: ${kind}`);
  return { kind, target: text(row, "target") };
}
