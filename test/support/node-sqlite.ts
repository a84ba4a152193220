/** The ledger's SQL port on `node:sqlite`: the same core as in a Durable Object, in plain Node and in memory. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqlPort } from "../../worker/ledger/sql-port.ts";

export interface NodeSql extends SqlPort {
  close(): void;
}

/** An empty store in memory. */
export function nodeSql(): NodeSql {
  const database = new DatabaseSync(":memory:");
  const statements = new Map<string, StatementSync>();
  const prepare = (query: string): StatementSync => {
    const known = statements.get(query);
    if (known !== undefined) return known;
    const statement = database.prepare(query);
    statements.set(query, statement);
    return statement;
  };
  return {
    rows: (query, ...bindings) => prepare(query).all(...bindings),
    transaction: (work) => {
      database.exec("BEGIN");
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    close: () => database.close(),
  };
}
