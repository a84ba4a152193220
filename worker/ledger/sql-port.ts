/**
 * The small port to SQLite that the objects' stores are written against, so that the same code runs on a Durable
 * Object's storage and on `node:sqlite` in tests.
 */

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, unknown>>;

export interface SqlPort {
  /** Runs one statement and returns all of its rows. */
  rows(query: string, ...bindings: SqlValue[]): SqlRow[];
  /** Runs `work` in one transaction: all of it or, when it throws, nothing. Not nested. */
  transaction<T>(work: () => T): T;
}

/** A column that is text by the schema. */
export function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`column ${column} is not text`);
  return value;
}

/** A column that is a number by the schema. */
export function number(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new TypeError(`column ${column} is not a number`);
  return value;
}

/** A column that is a number or null by the schema. */
export function numberOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null ? null : number(row, column);
}
