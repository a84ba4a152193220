/** The SQL port on a Durable Object's own SQLite storage. */
import type { SqlPort } from "./sql-port.ts";

/** What of `ctx.storage` the port uses; named here so that this file needs no runtime's types. */
interface DurableStorage {
  readonly sql: { exec(query: string, ...bindings: unknown[]): { toArray(): Record<string, unknown>[] } };
  transactionSync<T>(work: () => T): T;
}

export function durableSql(storage: DurableStorage): SqlPort {
  return {
    rows: (query, ...bindings) => storage.sql.exec(query, ...bindings).toArray(),
    transaction: (work) => storage.transactionSync(work),
  };
}
