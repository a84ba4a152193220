import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NodeSql, nodeSql } from "../../test/support/node-sqlite.ts";
import { Ledger } from "./ledger.ts";
import type { NodeArrival } from "./types.ts";

const NOW_MS = 1_000_000;

let sql: NodeSql;
let ledger: Ledger;
let revision: number;

beforeEach(() => {
  sql = nodeSql();
  ledger = new Ledger(sql, () => 0);
  revision = 0;
});
afterEach(() => sql.close());

const load = { sessions: 0, capacity: 10, cpu: 0.25, ready: true };

function up(nodeId: string, overrides: Partial<NodeArrival> = {}) {
  revision += 1;
  const arrival = { nodeId, epoch: 1, revision, build: 1, concurrencyLimit: 2, load, sessions: [], ...overrides };
  return ledger.nodeUp(arrival, NOW_MS);
}

const admit = (sid: string, nowMs = NOW_MS) => ledger.admit({ sid, clientId: `client-${sid}`, nowMs });

describe("an operator's limit", () => {
  it("goes before the descriptor's, and before that of every later hello", () => {
    up("a");
    ledger.setLimit(1, NOW_MS);
    up("a", { concurrencyLimit: 50, build: 2 });
    expect(admit("s1").ok).toBe(true);
    expect(admit("s2")).toEqual({ ok: false, code: "concurrency_limit_reached", limit: 1 });
    expect(ledger.overview()).toMatchObject({ limit: 1, operatorLimit: 1 });
  });

  it("is taken back with null: the descriptor counts again", () => {
    up("a");
    ledger.setLimit(1, NOW_MS);
    ledger.setLimit(null, NOW_MS);
    expect(ledger.overview()).toMatchObject({ limit: 2, operatorLimit: null });
  });

  it("never ends sessions that run: below them, nobody is let in until enough have ended", () => {
    up("a", { concurrencyLimit: 3 });
    for (const sid of ["s1", "s2", "s3"]) expect(admit(sid).ok).toBe(true);
    ledger.setLimit(2, NOW_MS);
    expect(ledger.status()).toMatchObject({ limit: 2, active: 3 });
    const end = (sid: string) => ledger.release({ sid, clientId: `client-${sid}`, nodeId: "a", epoch: 1 }, NOW_MS);
    end("s1");
    expect(admit("s4").ok).toBe(false);
    end("s2");
    expect(admit("s4").ok).toBe(true);
  });

  it("of zero closes the stream, without a promise of when to come back", () => {
    up("a", { queue: { maxLength: 5, ticketTtlMs: 10_000, rejoin: false }, timeLimitMs: 60_000 });
    ledger.setLimit(0, NOW_MS);
    expect(admit("s1")).toMatchObject({
      code: "concurrency_limit_reached",
      limit: 0,
      queued: { estimatedWaitMs: null },
    });
  });

  it("that grows calls who waits, at once", () => {
    up("a", { concurrencyLimit: 1, queue: { maxLength: 5, ticketTtlMs: 10_000, rejoin: false } });
    admit("s1");
    const refused = admit("s2");
    const ticket = refused.ok ? "" : (refused.queued?.ticket ?? "");
    expect(ledger.ticket(ticket, NOW_MS)).toMatchObject({ state: "waiting" });
    ledger.setLimit(2, NOW_MS);
    expect(ledger.ticket(ticket, NOW_MS)).toMatchObject({ state: "ready" });
  });
});

describe("what an operator sees", () => {
  it("is nothing, and writes nothing, where no node ever served the stream", () => {
    expect(ledger.overview()).toEqual({
      limit: null,
      active: 0,
      nodesReady: 0,
      waiting: 0,
      operatorLimit: null,
      nodes: [],
    });
    expect(ledger.sessions("", 10)).toEqual([]);
    expect(sql.rows("SELECT name FROM sqlite_master")).toEqual([]);
  });

  it("has every node with its state, its load and this stream's sessions on it", () => {
    up("a");
    up("b", { load: { ...load, ready: false, draining: true } });
    admit("s1");
    revision += 1;
    ledger.nodeChanged({ nodeId: "b", epoch: 1, revision, state: "suspect" }, NOW_MS + 7);
    expect(ledger.overview().nodes).toEqual([
      {
        nodeId: "a",
        epoch: 1,
        revision: 1,
        state: "up",
        changedMs: NOW_MS,
        load: { ...load, draining: false },
        loadMs: NOW_MS,
        held: 1,
      },
      {
        nodeId: "b",
        epoch: 1,
        revision: 3,
        state: "suspect",
        changedMs: NOW_MS + 7,
        load: { ...load, ready: false, draining: true },
        loadMs: NOW_MS,
        held: 0,
      },
    ]);
  });

  it("has the sessions page by page, in the order of their client ids", () => {
    up("a", { concurrencyLimit: 9 });
    for (const sid of ["s3", "s1", "s2"]) admit(sid);
    const first = ledger.sessions("", 2);
    expect(first.map(({ sid }) => sid)).toEqual(["s1", "s2"]);
    expect(first[0]).toEqual({
      sid: "s1",
      clientId: "client-s1",
      nodeId: "a",
      epoch: 1,
      state: "pending",
      admittedMs: NOW_MS,
    });
    expect(ledger.sessions("client-s2", 2).map(({ sid }) => sid)).toEqual(["s3"]);
  });
});
