/** Schema versions of an object's store, migrated forward. A store nobody wrote to has no tables, and costs nothing. */
import { number, type SqlPort } from "./sql-port.ts";

/** The statements that lead from one version to the next; the first entry makes version 1. */
export type Migrations = readonly (readonly string[])[];

export class Schema {
  readonly #sql: SqlPort;
  readonly #migrations: Migrations;
  #version: number | null = null;

  constructor(sql: SqlPort, migrations: Migrations) {
    this.#sql = sql;
    this.#migrations = migrations;
  }

  /** True if the store exists; brings an older one up to date. A store that was never written stays unwritten. */
  exists(): boolean {
    this.#version ??= this.#read();
    if (this.#version > 0) this.ensure();
    return this.#version > 0;
  }

  /** Makes the store, or brings it up to date. */
  ensure(): void {
    const version = this.#version ?? this.#read();
    const newest = this.#migrations.length;
    if (version < newest) {
      this.#sql.transaction(() => {
        this.#sql.rows("CREATE TABLE IF NOT EXISTS schema (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)");
        for (const statement of this.#migrations.slice(version).flat()) this.#sql.rows(statement);
        this.#sql.rows("INSERT OR REPLACE INTO schema (id, version) VALUES (1, ?)", newest);
      });
    }
    // A store written by a newer build is used as it is: migrations only add.
    this.#version = Math.max(version, newest);
  }

  #read(): number {
    const made = this.#sql.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'schema'");
    if (made.length === 0) return 0;
    const [row] = this.#sql.rows("SELECT version FROM schema WHERE id = 1");
    return row === undefined ? 0 : number(row, "version");
  }
}
