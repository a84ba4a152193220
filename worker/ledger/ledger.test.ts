import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NodeSql, nodeSql } from "../../test/support/node-sqlite.ts";
import { BACK_AGAIN_GRACE_MS, IN_FLIGHT_MS, PENDING_LEASE_MS } from "../deadlines.ts";
import { Ledger } from "./ledger.ts";
import { FORGET_NODE_MS } from "./nodes.ts";
import type { NodeArrival } from "./types.ts";

let sql: NodeSql;
let ledger: Ledger;
let nowMs: number;
let revision: number;

beforeEach(() => {
  sql = nodeSql();
  ledger = new Ledger(sql, () => 0);
  nowMs = 1_000_000;
  revision = 0;
});
afterEach(() => sql.close());

const load = { sessions: 0, capacity: 10, cpu: 0, ready: true };

function up(nodeId: string, overrides: Partial<NodeArrival> = {}) {
  revision += 1;
  const arrival = { nodeId, epoch: 1, revision, build: 1, concurrencyLimit: 2, load, sessions: [], ...overrides };
  return ledger.nodeUp(arrival, nowMs);
}

function change(nodeId: string, state: "up" | "suspect" | "lost", epoch = 1) {
  revision += 1;
  return ledger.nodeChanged({ nodeId, epoch, revision, state }, nowMs);
}

const admit = (sid: string, clientId = `client-${sid}`) => ledger.admit({ sid, clientId, nowMs });
const ref = (sid: string, nodeId = "a", epoch = 1) => ({ sid, clientId: `client-${sid}`, nodeId, epoch });

describe("admission", () => {
  it("refuses a stream that no node ever served, and writes nothing", () => {
    expect(admit("s1")).toEqual({ ok: false, code: "no_media_node" });
    expect(sql.rows("SELECT name FROM sqlite_master")).toEqual([]);
  });

  it("grants leases up to the limit and then says what the limit is", () => {
    up("a");
    expect(admit("s1")).toEqual({ ok: true, nodeId: "a", epoch: 1 });
    expect(admit("s2").ok).toBe(true);
    expect(admit("s3")).toEqual({ ok: false, code: "concurrency_limit_reached", limit: 2 });
  });

  it("gives the same sid the same lease, however often it asks", () => {
    up("a");
    expect(admit("s1")).toEqual({ ok: true, nodeId: "a", epoch: 1 });
    expect(admit("s1")).toEqual({ ok: true, nodeId: "a", epoch: 1, again: true });
    expect(ledger.status().active).toBe(1);
  });

  it("refuses a client id that has a session, before it looks at the limit", () => {
    up("a", { concurrencyLimit: 1 });
    admit("s1", "same");
    expect(admit("s2", "same")).toEqual({ ok: false, code: "connection_already_exists" });
  });

  it("places nothing on a node that is suspect, not ready or full", () => {
    up("a");
    change("a", "suspect");
    expect(admit("s1")).toEqual({ ok: false, code: "no_media_node" });
    up("a", { load: { ...load, ready: false } });
    expect(admit("s1")).toEqual({ ok: false, code: "no_media_node" });
    up("a", { load: { ...load, sessions: 10 } });
    expect(admit("s1")).toEqual({ ok: false, code: "capacity_reached" });
  });

  it("counts what was admitted since a node's last report towards its capacity", () => {
    up("a", { concurrencyLimit: 10, load: { ...load, sessions: 8 } });
    nowMs += 1;
    expect([admit("s1").ok, admit("s2").ok]).toEqual([true, true]);
    expect(admit("s3")).toEqual({ ok: false, code: "capacity_reached" });
    ledger.nodeLoad({ nodeId: "a", epoch: 1, load: { ...load, sessions: 5 } }, nowMs + 1);
    nowMs += 2;
    expect(admit("s3").ok).toBe(true);
  });

  it("takes the limit of the newest build, a lost node's only while there is no other", () => {
    up("a", { build: 1, concurrencyLimit: 1 });
    up("b", { build: 2, concurrencyLimit: 5 });
    expect(ledger.status().limit).toBe(5);
    change("b", "lost");
    expect(ledger.status().limit).toBe(1);
    change("a", "lost");
    expect(ledger.status().limit).toBe(5);
  });

  it("lets an operator's limit win", () => {
    up("a", { concurrencyLimit: 5 });
    sql.rows("INSERT INTO settings (id, operator_limit) VALUES (1, 1)");
    admit("s1");
    expect(admit("s2")).toEqual({ ok: false, code: "concurrency_limit_reached", limit: 1 });
  });

  it("forgets nodes that were lost long ago", () => {
    up("a", { build: 9, concurrencyLimit: 9 });
    change("a", "lost");
    nowMs += FORGET_NODE_MS + 1;
    up("b");
    expect(sql.rows("SELECT node_id FROM nodes")).toEqual([{ node_id: "b" }]);
  });
});

describe("placing elsewhere", () => {
  it("moves a lease to each other node once, then frees it", () => {
    up("a");
    up("b");
    const first = admit("s1");
    if (!first.ok) throw new Error("not admitted");
    const request = { sid: "s1", clientId: "client-s1", nowMs };
    const second = ledger.placeElsewhere({ ...request, tried: [first.nodeId] });
    expect(second).toMatchObject({ ok: true });
    expect([first.nodeId, second.ok && second.nodeId].sort()).toEqual(["a", "b"]);
    expect(ledger.placeElsewhere({ ...request, tried: [first.nodeId] })).toEqual(second);
    expect(ledger.placeElsewhere({ ...request, tried: ["a", "b"] })).toEqual({ ok: false, code: "node_full" });
    expect(ledger.status().active).toBe(0);
  });

  it("refuses a release that names the node the lease has left", () => {
    up("a");
    admit("s1");
    up("b");
    ledger.placeElsewhere({ sid: "s1", clientId: "client-s1", tried: ["a"], nowMs });
    expect(ledger.release(ref("s1", "a"), nowMs)).toBe("stale");
    expect(ledger.release(ref("s1", "b"), nowMs)).toBe("done");
  });
});

describe("the end of a lease", () => {
  it("is a release, once", () => {
    up("a");
    admit("s1");
    expect(ledger.release(ref("s1"), nowMs)).toBe("done");
    expect(ledger.release(ref("s1"), nowMs)).toBe("unknown");
    expect(ledger.find("client-s1")).toBeNull();
  });

  it("never comes from an old run of the node, nor from another session of the same client", () => {
    up("a", { epoch: 2 });
    admit("s1");
    expect(ledger.release(ref("s1", "a", 1), nowMs)).toBe("stale");
    expect(ledger.release({ ...ref("s0", "a", 2), clientId: "client-s1" }, nowMs)).toBe("unknown");
    expect(ledger.status().active).toBe(1);
  });

  it("comes by itself when a session never connects", () => {
    up("a");
    admit("s1");
    expect(ledger.nextExpiryMs()).toBe(nowMs + PENDING_LEASE_MS);
    nowMs += PENDING_LEASE_MS - 1;
    expect(ledger.expire(nowMs)).toEqual([]);
    nowMs += 1;
    expect(ledger.expire(nowMs)).toMatchObject([{ sid: "s1" }]);
    expect(ledger.nextExpiryMs()).toBeNull();
  });

  it("does not come by itself once it is connected", () => {
    up("a");
    admit("s1");
    expect(ledger.connected(ref("s1"))).toBe("done");
    expect(ledger.nextExpiryMs()).toBeNull();
    expect(ledger.expire(nowMs + 10 * PENDING_LEASE_MS)).toEqual([]);
    expect(ledger.find("client-s1")?.state).toBe("live");
  });

  it("waits while the node is suspect, because its report may be held up", () => {
    up("a");
    admit("s1");
    change("a", "suspect");
    nowMs += PENDING_LEASE_MS + 1;
    expect(ledger.nextExpiryMs()).toBeNull();
    expect(ledger.expire(nowMs)).toEqual([]);
    change("a", "up");
    expect(ledger.nextExpiryMs()).toBe(nowMs + BACK_AGAIN_GRACE_MS);
  });
});

describe("a session that is named after its admission", () => {
  const named = (sid: string, clientId: string) => ({ sid, clientId, nodeId: "a", epoch: 1 });

  it("has its client id from connected on, and nobody finds it by its sid any more", () => {
    up("a");
    admit("s1", "s1");
    expect(ledger.find("s1")).toMatchObject({ sid: "s1", state: "pending" });
    expect(ledger.connected(named("s1", "anna"))).toBe("done");
    expect(ledger.find("anna")).toMatchObject({ sid: "s1", state: "live" });
    expect(ledger.find("s1")).toBeNull();
    expect(admit("s2", "anna")).toEqual({ ok: false, code: "connection_already_exists" });
    // Said again, as after a redial.
    expect(ledger.connected(named("s1", "anna"))).toBe("done");
    expect(ledger.release(named("s1", "anna"), nowMs)).toBe("done");
    expect(ledger.status().active).toBe(0);
  });

  it("does not get an id that another has, and keeps its slot until its node says that it is gone", () => {
    up("a");
    admit("s1", "anna");
    admit("s2", "s2");
    expect(ledger.connected(named("s2", "anna"))).toBe("taken");
    expect(ledger.connected(named("s1", "anna"))).toBe("done");
    expect(ledger.find("anna")).toMatchObject({ sid: "s1", state: "live" });
    expect(ledger.status().active).toBe(2);
    expect(ledger.release(named("s2", "anna"), nowMs)).toBe("done");
    expect(ledger.find("anna")).toMatchObject({ sid: "s1" });
    expect(ledger.status().active).toBe(1);
  });

  it("is known by its node's snapshot where its report was lost, and freed where it has ended unnamed", () => {
    up("a");
    admit("s1", "s1");
    admit("s2", "s2");
    const sessions = [{ sid: "s1", clientId: "anna", state: "live" as const }];
    nowMs += IN_FLIGHT_MS;
    expect(up("a", { sessions })).toMatchObject({ end: [], freed: [{ sid: "s2" }] });
    expect(ledger.find("anna")).toMatchObject({ sid: "s1", state: "live" });
    expect(ledger.find("s1")).toBeNull();
  });

  it("is refused from an old run, whatever it calls itself", () => {
    up("a");
    admit("s1", "s1");
    expect(ledger.connected({ ...named("s1", "anna"), epoch: 0 })).toBe("stale");
    expect(ledger.connected(named("s9", "anna"))).toBe("unknown");
    expect(ledger.release({ ...named("s1", "anna"), epoch: 0 }, nowMs)).toBe("stale");
    expect(ledger.find("s1")).toMatchObject({ state: "pending" });
  });
});

describe("an offer that is repeated", () => {
  it("is on its way anew: neither a snapshot nor its first deadline takes its lease", () => {
    up("a");
    admit("s1");
    nowMs += IN_FLIGHT_MS - 1;
    expect(admit("s1")).toMatchObject({ ok: true, again: true });
    nowMs += IN_FLIGHT_MS - 1;
    expect(up("a")?.freed).toEqual([]);
    expect(ledger.nextExpiryMs()).toBe(nowMs - IN_FLIGHT_MS + 1 + PENDING_LEASE_MS);
  });

  it("leaves a session that is connected as it is", () => {
    up("a");
    admit("s1");
    ledger.connected(ref("s1"));
    expect(admit("s1")).toMatchObject({ ok: true, again: true });
    expect(ledger.nextExpiryMs()).toBeNull();
  });
});

describe("a node", () => {
  it("that is lost frees its leases and no other's", () => {
    up("a");
    admit("s1");
    ledger.connected(ref("s1"));
    up("b", { concurrencyLimit: 3 });
    change("a", "suspect");
    admit("s2");
    expect(change("a", "lost").map((lease) => lease.sid)).toEqual(["s1"]);
    expect(ledger.find("client-s2")?.nodeId).toBe("b");
  });

  it("that is lost keeps the lease of an offer on its way, for as long as that may reach it", () => {
    up("a");
    admit("s1");
    expect(change("a", "lost")).toEqual([]);
    expect(ledger.nextExpiryMs()).toBe(nowMs + IN_FLIGHT_MS);
    up("a");
    expect(ledger.nextExpiryMs()).toBe(nowMs + PENDING_LEASE_MS);
    change("a", "lost");
    nowMs += IN_FLIGHT_MS;
    expect(ledger.expire(nowMs)).toMatchObject([{ sid: "s1" }]);
  });

  it("that is lost comes back by hello only", () => {
    up("a");
    change("a", "lost");
    change("a", "up");
    expect(ledger.status().nodesReady).toBe(0);
    up("a");
    expect(ledger.status().nodesReady).toBe(1);
  });

  it("with a new run frees what its old run held", () => {
    up("a");
    admit("s1");
    expect(up("a", { epoch: 2 })?.freed.map((lease) => lease.sid)).toEqual(["s1"]);
  });

  it("with an old run is refused", () => {
    up("a", { epoch: 2 });
    expect(up("a", { epoch: 1 })).toBeNull();
    admit("s1");
    expect(change("a", "lost", 1)).toEqual([]);
    expect(ledger.status().active).toBe(1);
  });

  it("is not lost by news that a hello has overtaken", () => {
    up("a");
    admit("s1");
    const late = { nodeId: "a", epoch: 1, revision: 2, state: "lost" } as const;
    up("a", { revision: 3, sessions: [{ sid: "s1", clientId: "client-s1", state: "live" }] });
    expect(ledger.nodeChanged(late, nowMs)).toEqual([]);
    expect(ledger.find("client-s1")?.state).toBe("live");
  });

  it("with a new run is heard even if its object has forgotten how often it changed", () => {
    up("a", { revision: 57 });
    expect(up("a", { epoch: 2, revision: 1 })).not.toBeNull();
    expect(up("a", { epoch: 2, revision: 0 })).toBeNull();
  });

  it("reconciles by its snapshot: keeps what both know, frees what it lacks, ends what has no lease", () => {
    up("a", { concurrencyLimit: 5 });
    for (const sid of ["s1", "s2", "s3"]) admit(sid);
    ledger.connected(ref("s2"));
    nowMs += IN_FLIGHT_MS;
    admit("s4");
    const sessions = [
      { sid: "s1", clientId: "client-s1", state: "live" as const },
      { sid: "s9", clientId: "client-s9", state: "live" as const },
    ];
    const result = up("a", { concurrencyLimit: 5, sessions });
    expect(result?.end).toEqual(["s9"]);
    expect(result?.freed.map((lease) => lease.sid).sort()).toEqual(["s2", "s3"]);
    expect(ledger.find("client-s1")?.state).toBe("live");
    // Its offer may be on its way to the node.
    expect(ledger.find("client-s4")?.state).toBe("pending");
  });
});
