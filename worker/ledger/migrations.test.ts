import { describe, expect, it } from "vitest";
import { nodeSql } from "../../test/support/node-sqlite.ts";
import { Ledger } from "./ledger.ts";
import { LEDGER_MIGRATIONS } from "./migrations.ts";
import { Schema } from "./schema.ts";

const lease = { sid: "s1", clientId: "a", nodeId: "n1", epoch: 3 };

/** What a build of schema version 1 does to a store, frozen: it may have to work on a newer one during a deploy. */
const VERSION_1 = {
  node: `INSERT OR REPLACE INTO nodes
      (node_id, epoch, state, changed_ms, build, concurrency_limit, capacity, sessions, cpu, ready, load_ms, revision)
    VALUES ('n1', 3, 'up', 1, 1, 2, 10, 0, 0.5, 1, 1, 7)`,
  admit: `INSERT INTO leases (client_id, sid, node_id, epoch, state, admitted_ms, deadline_ms)
    VALUES ('a', 's1', 'n1', 3, 'pending', 1, 46000)`,
  connect: "UPDATE leases SET state = 'live', deadline_ms = NULL WHERE client_id = 'a'",
  count: "SELECT count(*) AS n FROM leases",
  setting: "INSERT OR REPLACE INTO settings (id, operator_limit) VALUES (1, 1)",
};

describe("a ledger's store", () => {
  it("of version 1 is brought forward with its leases, limits and nodes", () => {
    const sql = nodeSql();
    new Schema(sql, LEDGER_MIGRATIONS.slice(0, 1)).ensure();
    for (const statement of [VERSION_1.node, VERSION_1.admit, VERSION_1.connect]) sql.rows(statement);
    const ledger = new Ledger(sql, Math.random);
    expect(ledger.find("a")).toMatchObject({ ...lease, state: "live" });
    expect(ledger.status()).toMatchObject({ limit: 2, active: 1, nodesReady: 1 });
    expect(ledger.admit({ sid: "s2", clientId: "b", nowMs: 2 })).toMatchObject({ ok: true, nodeId: "n1", epoch: 3 });
    expect(ledger.admit({ sid: "s3", clientId: "c", nowMs: 3 })).toMatchObject({ ok: false });
    expect(ledger.release(lease, 4)).toBe("done");
    expect(ledger.status()).toMatchObject({ active: 1 });
    sql.close();
  });

  it("of the newest version serves a build of version 1, whose rows the newest understands again", () => {
    const sql = nodeSql();
    new Schema(sql, LEDGER_MIGRATIONS).ensure();
    new Schema(sql, LEDGER_MIGRATIONS.slice(0, 1)).ensure();
    for (const statement of [VERSION_1.node, VERSION_1.admit, VERSION_1.connect, VERSION_1.setting]) {
      sql.rows(statement);
    }
    expect(sql.rows(VERSION_1.count)).toEqual([{ n: 1 }]);
    const ledger = new Ledger(sql, Math.random);
    expect(ledger.find("a")).toMatchObject({ ...lease, state: "live" });
    expect(ledger.status()).toMatchObject({ limit: 1, active: 1 });
    sql.close();
  });
});
