import { afterEach, beforeEach, expect, it } from "vitest";
import { type NodeSql, nodeSql } from "../../test/support/node-sqlite.ts";
import { Ledger } from "./ledger.ts";
import type { SqlPort } from "./sql-port.ts";
import type { NodeArrival } from "./types.ts";

const NOW_MS = 1_000_000;

let store: NodeSql;
let asked: string[];
/** Fails the first statement that contains this. */
let failsAt: string | null;
let ledger: Ledger;

beforeEach(() => {
  store = nodeSql();
  asked = [];
  failsAt = null;
  const port: SqlPort = {
    rows: (query, ...bindings) => {
      if (failsAt !== null && query.includes(failsAt)) throw new Error("the disk is full");
      asked.push(query);
      return store.rows(query, ...bindings);
    },
    transaction: (work) => store.transaction(work),
  };
  ledger = new Ledger(port, () => 0);
});
afterEach(() => store.close());

const load = { sessions: 0, capacity: 1, cpu: 0, ready: true };
const queue = { maxLength: 5, ticketTtlMs: 60_000, rejoin: false };

function up(revision: number, overrides: Partial<NodeArrival> = {}) {
  const node = { nodeId: "a", epoch: 1, build: 1, concurrencyLimit: 9, load, sessions: [] };
  return ledger.nodeUp({ ...node, revision, ...overrides }, NOW_MS);
}

const admit = (sid: string) => ledger.admit({ sid, clientId: sid, nowMs: NOW_MS });

it("an admission reads no row of nodes, settings or tickets that it has read before", () => {
  up(1, { load: { ...load, capacity: 9 } });
  admit("s1");
  asked = [];
  expect(admit("s2").ok).toBe(true);
  expect(asked.filter((query) => /FROM (?:nodes|settings|tickets)/.test(query))).toEqual([]);
  expect(asked).toHaveLength(4);
});

it("every change of a node or of the limit counts for the next admission", () => {
  up(1);
  expect(admit("s1").ok).toBe(true);
  expect(admit("s2")).toMatchObject({ code: "capacity_reached" });
  ledger.nodeLoad({ nodeId: "a", epoch: 1, load: { ...load, capacity: 2 } }, NOW_MS - 1);
  expect(admit("s2").ok).toBe(true);
  ledger.setLimit(2, NOW_MS);
  expect(admit("s3")).toMatchObject({ code: "concurrency_limit_reached", limit: 2 });
  ledger.setLimit(null, NOW_MS);
  ledger.nodeChanged({ nodeId: "a", epoch: 1, revision: 2, state: "suspect" }, NOW_MS);
  expect(admit("s3")).toMatchObject({ code: "no_media_node" });
});

it("a change that was undone is not remembered: neither a node's, nor a ticket's", () => {
  up(1, { queue, concurrencyLimit: 1 });
  expect(admit("s1").ok).toBe(true);
  const waits = admit("s2");
  const ticket = waits.ok ? "" : (waits.queued?.ticket ?? "");
  // The new build has no queue, which drops the ticket; then calling the next fails.
  failsAt = "FROM leases WHERE node_id";
  expect(() => up(2, { build: 2, concurrencyLimit: 5 })).toThrow("the disk is full");
  failsAt = null;
  expect(ledger.ticket(ticket, NOW_MS)).toMatchObject({ state: "waiting", position: 1 });
  expect(admit("s3")).toMatchObject({ code: "concurrency_limit_reached", limit: 1 });
  failsAt = "SELECT number FROM tickets";
  expect(() => up(2, { queue, concurrencyLimit: 5, load: { ...load, capacity: 5 } })).toThrow("the disk is full");
  failsAt = null;
  expect(admit("s3")).toMatchObject({ code: "concurrency_limit_reached", limit: 1 });
});
