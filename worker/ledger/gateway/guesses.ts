/** Wrong codes, counted by the caller's number: a million codes are tried in a day otherwise. Inside a transaction of the book. */
import { number, type SqlPort } from "../sql-port.ts";

/** Wrong codes of one number within {@link GUESS_WINDOW_MS}. Past it no code is taken from it until the window is over. */
export const MAX_WRONG_CODES = 10;
export const GUESS_WINDOW_MS = 60 * 60_000;

/** Numbers that are remembered. Past it the one whose window is over first is forgotten. */
export const MAX_GUESSERS = 5_000;

/** @param caller a number; all who withhold theirs are one. */
export function hasGuessedTooOften(sql: SqlPort, caller: string, nowMs: number): boolean {
  const [row] = sql.rows("SELECT wrong FROM guesses WHERE caller = ? AND until_ms > ?", caller, nowMs);
  return row !== undefined && number(row, "wrong") >= MAX_WRONG_CODES;
}

export function countWrongCode(sql: SqlPort, caller: string, nowMs: number): void {
  sql.rows("DELETE FROM guesses WHERE until_ms <= ?", nowMs);
  sql.rows(
    `INSERT INTO guesses (caller, wrong, until_ms) VALUES (?1, 1, ?2)
     ON CONFLICT (caller) DO UPDATE SET wrong = wrong + 1`,
    caller,
    nowMs + GUESS_WINDOW_MS,
  );
  const [row] = sql.rows("SELECT count(*) AS n FROM guesses");
  if (row === undefined || number(row, "n") <= MAX_GUESSERS) return;
  sql.rows("DELETE FROM guesses WHERE caller = (SELECT caller FROM guesses ORDER BY until_ms LIMIT 1)");
}
