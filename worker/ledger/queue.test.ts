import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NodeSql, nodeSql } from "../../test/support/node-sqlite.ts";
import { Ledger } from "./ledger.ts";
import { TICKET_HOLD_MS } from "./queue.ts";
import type { NodeArrival } from "./types.ts";

const TTL_MS = 10_000;
const queue = { maxLength: 3, ticketTtlMs: TTL_MS, rejoin: false };
const load = { sessions: 0, capacity: 10, cpu: 0, ready: true };

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

function up(nodeId: string, overrides: Partial<NodeArrival> = {}) {
  revision += 1;
  const arrival = { nodeId, epoch: 1, revision, build: 1, concurrencyLimit: 1, queue, load, sessions: [] };
  return ledger.nodeUp({ ...arrival, ...overrides }, nowMs);
}

const admit = (name: string, ticket?: string) =>
  ledger.admit({ sid: `s_${name}`, clientId: `client-${name}`, ticket, nowMs });
const release = (name: string, timeUp = false) =>
  ledger.release({ sid: `s_${name}`, clientId: `client-${name}`, nodeId: "a", epoch: 1 }, nowMs, { timeUp });
const ask = (name: string) => ledger.ticket(`q_${name}`, nowMs);

describe("a place in line", () => {
  it("is given once, however often the refused offer is repeated", () => {
    up("a");
    admit("1");
    expect(admit("2")).toMatchObject({ ok: false, queued: { ticket: "q_2", position: 1 } });
    expect(admit("2")).toMatchObject({ ok: false, queued: { ticket: "q_2", position: 1 } });
    expect(ledger.status().waiting).toBe(1);
  });

  it("is not given where no node serves the stream, and kept by who has one", () => {
    up("a");
    admit("1");
    ledger.connected({ sid: "s_1", clientId: "client-1", nodeId: "a", epoch: 1 });
    admit("2");
    revision += 1;
    ledger.nodeChanged({ nodeId: "a", epoch: 1, revision, state: "lost" }, nowMs);
    expect(admit("3")).toEqual({ ok: false, code: "no_media_node" });
    expect(admit("2b", "q_2")).toMatchObject({ code: "no_media_node", queued: { ticket: "q_2", position: 1 } });
    up("a");
    expect(ask("2")).toMatchObject({ state: "ready" });
  });

  it("writes a row when it is given, called and used, and at most one per half of its time to live between", () => {
    up("a");
    admit("1");
    admit("2");
    const expiresMs = () => sql.rows("SELECT expires_ms FROM tickets")[0]?.["expires_ms"];
    const before = expiresMs();
    nowMs += TTL_MS / 2;
    ask("2");
    expect(expiresMs()).toBe(before);
    nowMs += 1;
    ask("2");
    expect(expiresMs()).toBe(nowMs + 1.5 * TTL_MS);
  });

  it("is lost by who does not ask for as long as it lives, or does not come when called", () => {
    up("a");
    admit("1");
    admit("2");
    admit("3");
    nowMs += TTL_MS - 1;
    expect(ask("3")).toMatchObject({ state: "waiting", position: 2 });
    nowMs += 1.5 * TTL_MS - 1;
    release("1");
    expect(ask("2")).toBeNull();
    expect(ask("3")).toEqual({ state: "ready", ticket: "q_3", holdMs: TICKET_HOLD_MS });
    expect(ledger.nextExpiryMs()).toBe(nowMs + TICKET_HOLD_MS);
    nowMs += TICKET_HOLD_MS;
    ledger.expire(nowMs);
    expect(ask("3")).toBeNull();
    expect(admit("4").ok).toBe(true);
  });

  it("is given up with the queue when a newer build has none", () => {
    up("a");
    admit("1");
    admit("2");
    up("b", { build: 2, queue: null, concurrencyLimit: 2 });
    expect(ask("2")).toBeNull();
    expect(admit("3").ok).toBe(true);
  });
});

describe("a caller who makes no offer to be refused", () => {
  const wait = (name: string) => ledger.wait(`s_${name}`, nowMs);

  it("is told of a slot that is free, and does not get it", () => {
    expect(wait("0")).toEqual({ state: "refused", code: "no_media_node" });
    up("a");
    expect(wait("1")).toEqual({ state: "free" });
    expect(ledger.status()).toMatchObject({ active: 0, waiting: 0 });
  });

  it("gets a place in line where there is none, once, and passes nobody", () => {
    up("a");
    admit("1");
    admit("2");
    expect(wait("3")).toMatchObject({ state: "waiting", ticket: "q_3", position: 2 });
    expect(wait("3")).toMatchObject({ state: "waiting", ticket: "q_3", position: 2 });
    release("1");
    // The slot is held for who came before.
    expect(wait("4")).toMatchObject({ state: "waiting", ticket: "q_4", position: 2 });
    expect(ask("3")).toMatchObject({ state: "waiting", position: 1 });
    expect(admit("2", "q_2")).toMatchObject({ ok: true });
    release("2");
    expect(ask("3")).toMatchObject({ state: "ready" });
    expect(admit("3", "q_3")).toMatchObject({ ok: true });
  });

  it("is refused where the line is full, or the stream has none", () => {
    up("a", { queue: { ...queue, maxLength: 1 } });
    admit("1");
    admit("2");
    expect(wait("3")).toEqual({ state: "refused", code: "concurrency_limit_reached" });
    up("a", { queue: null, build: 2 });
    expect(wait("3")).toEqual({ state: "refused", code: "concurrency_limit_reached" });
  });

  it("is not kept out by an offer that nobody came for", () => {
    up("a");
    admit("1");
    nowMs += 120_000;
    expect(wait("2")).toEqual({ state: "free" });
  });
});

describe("the wait", () => {
  it("is unknown at first, then told by how long sessions take, and never above what the time limit allows", () => {
    up("a", { concurrencyLimit: 2, timeLimitMs: null });
    admit("1");
    admit("2");
    expect(admit("3")).toMatchObject({ queued: { estimatedWaitMs: null, retryAfterMs: 1_000 } });
    ledger.connected({ sid: "s_1", clientId: "client-1", nodeId: "a", epoch: 1 });
    nowMs += 5_000;
    ask("3");
    nowMs += 5_000;
    release("1");
    expect(admit("4", "q_3").ok).toBe(true);
    // Ten seconds each, two at a time.
    expect(admit("5")).toMatchObject({ queued: { position: 1, estimatedWaitMs: 5_000 } });
    expect(admit("6")).toMatchObject({ queued: { position: 2, estimatedWaitMs: 10_000, retryAfterMs: 1_100 } });
    up("a", {
      concurrencyLimit: 2,
      timeLimitMs: 4_000,
      sessions: [
        { sid: "s_2", clientId: "client-2", state: "live" },
        { sid: "s_4", clientId: "client-4", state: "live" },
      ],
    });
    expect(ask("6")).toMatchObject({ estimatedWaitMs: 4_000 });
  });
});

describe("a caller whose time is up", () => {
  it("is last in line, and comes back to the node that keeps its state", () => {
    const rules = { ...queue, rejoin: true };
    up("a", { queue: rules });
    admit("1");
    expect(admit("2")).toMatchObject({ queued: { position: 1 } });
    up("b", { queue: rules });
    release("1", true);
    release("1", true);
    expect(ask("2")).toMatchObject({ state: "ready" });
    expect(ask("1")).toMatchObject({ state: "waiting", position: 1 });
    const next = admit("2b", "q_2");
    if (!next.ok) throw new Error("not admitted");
    ledger.release({ sid: "s_2b", clientId: "client-2b", nodeId: next.nodeId, epoch: 1 }, nowMs);
    expect(admit("1b", "q_1")).toEqual({ ok: true, nodeId: "a", epoch: 1 });
  });

  it("has a place even if the queue is full", () => {
    up("a", { queue: { ...queue, maxLength: 1, rejoin: true } });
    admit("1");
    expect(admit("2")).toMatchObject({ queued: { position: 1 } });
    expect(admit("3")).toEqual({ ok: false, code: "concurrency_limit_reached", limit: 1 });
    release("1", true);
    expect(ask("1")).toMatchObject({ state: "waiting", position: 1 });
  });
});
