import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NodeSql, nodeSql } from "../../test/support/node-sqlite.ts";
import { PENDING_LEASE_MS } from "../deadlines.ts";
import { Ledger } from "./ledger.ts";
import type { JoinGrant, NodeArrival } from "./types.ts";

let sql: NodeSql;
let ledger: Ledger;
let nowMs: number;

beforeEach(() => {
  sql = nodeSql();
  ledger = new Ledger(sql, () => 0);
  nowMs = 1_000_000;
});
afterEach(() => sql.close());

const load = { sessions: 0, capacity: 10, cpu: 0, ready: true };

function up(overrides: Partial<NodeArrival> = {}) {
  const arrival = { nodeId: "n", epoch: 1, revision: 1, build: 1, concurrencyLimit: 3, load, sessions: [] };
  return ledger.nodeUp({ ...arrival, ...overrides }, nowMs);
}

const ticketNamed = (id: string): string => `q_${id.padStart(32, "0")}`;
const token = (id = "a", lifetimeMs = 90_000): JoinGrant => ({
  id,
  forgetAtMs: nowMs + lifetimeMs,
  ticket: ticketNamed(id),
});
const ref = (sid: string) => ({ sid, clientId: `c-${sid}`, nodeId: "n", epoch: 1 });
const admit = (sid: string, grant: JoinGrant) => ledger.admit({ sid, clientId: `c-${sid}`, token: grant, nowMs });
const rows = () => sql.rows("SELECT token_id FROM used_tokens").map((row) => row["token_id"]);

describe("a join token", () => {
  it("is good for one session at a time, and the same offer again", () => {
    up();
    const grant = token();
    expect(admit("s1", grant)).toMatchObject({ ok: true });
    expect(admit("s1", grant)).toMatchObject({ ok: true, again: true });
    expect(admit("s2", grant)).toEqual({ ok: false, code: "token_used" });
    expect(admit("s2", token("b"))).toMatchObject({ ok: true });
  });

  it("stays used after its session has ended, however that came, for as long as it is valid", () => {
    const ends: readonly (() => void)[] = [
      () => ledger.release(ref("s1"), nowMs),
      () => {
        ledger.connected(ref("s1"));
        ledger.nodeChanged({ nodeId: "n", epoch: 1, revision: 2, state: "lost" }, nowMs);
      },
      () => {
        nowMs += PENDING_LEASE_MS;
        ledger.expire(nowMs);
      },
      // A new run of the node, which does not have the session.
      () => up({ epoch: 2, revision: 2 }),
    ];
    for (const end of ends) {
      sql.close();
      sql = nodeSql();
      ledger = new Ledger(sql, () => 0);
      up();
      const grant = token();
      admit("s1", grant);
      end();
      expect(ledger.find("c-s1")).toBeNull();
      expect(admit("s2", grant)).toEqual({ ok: false, code: "token_used" });
    }
  });

  it("costs no row while its session lasts, nor when that lasts longer than the token", () => {
    up();
    admit("s1", token("a", 60_000));
    ledger.connected(ref("s1"));
    expect(rows()).toEqual([]);
    nowMs += 60_000;
    ledger.release(ref("s1"), nowMs);
    expect(rows()).toEqual([]);
    admit("s2", token("b"));
    ledger.release(ref("s2"), nowMs);
    expect(rows()).toEqual(["b"]);
    nowMs += 90_000;
    admit("s3", token("c"));
    ledger.release(ref("s3"), nowMs);
    expect(rows()).toEqual(["c"]);
  });

  it("is good again where no node took the session", () => {
    up();
    const grant = token();
    admit("s1", grant);
    expect(ledger.placeElsewhere({ sid: "s1", clientId: "c-s1", tried: ["n"], nowMs })).toMatchObject({ ok: false });
    admit("s2", grant);
    ledger.release(ref("s2"), nowMs, { begun: false });
    expect(admit("s3", grant)).toMatchObject({ ok: true });
  });

  it("is not used up by a refusal, and takes one place in line however often it is offered", () => {
    up({ concurrencyLimit: 1, queue: { maxLength: 5, ticketTtlMs: 60_000, rejoin: false } });
    admit("s1", token("a"));
    const grant = token("b");
    const first = admit("s2", grant);
    expect(first).toMatchObject({ ok: false, queued: { ticket: grant.ticket, position: 1 } });
    expect(admit("s3", grant)).toEqual(first);
    expect(ledger.status().waiting).toBe(1);
    ledger.release(ref("s1"), nowMs);
    expect(admit("s4", { ...grant })).toMatchObject({ ok: true });
    expect(ledger.status().waiting).toBe(0);
  });

  it("never has two sessions, in any order of calls", () => {
    const op = fc.record({
      kind: fc.constantFrom("admit", "end", "expire", "lost"),
      sid: fc.nat(4),
      token: fc.nat(2),
      waitMs: fc.nat(40_000),
    });
    fc.assert(
      fc.property(fc.array(op, { maxLength: 40 }), (ops) => {
        const store = nodeSql();
        const book = new Ledger(store, () => 0);
        let [atMs, revision] = [0, 1];
        const arrive = () =>
          book.nodeUp({ nodeId: "n", epoch: 1, revision, build: 1, concurrencyLimit: 3, load, sessions: [] }, atMs);
        arrive();
        const until = 60_000;
        const usedBy = new Map<number, string>();
        ops.forEach((step, index) => {
          atMs += step.waitMs;
          const clientId = `c${step.sid}`;
          if (step.kind === "admit") {
            const sid = `s${index}`;
            const grant = { id: `t${step.token}`, forgetAtMs: until, ticket: ticketNamed(`${step.token}`) };
            const admitted = book.admit({ sid, clientId, token: grant, nowMs: atMs }).ok;
            // Past its time the Worker refuses it, before the ledger sees it.
            if (admitted && atMs < until) {
              expect(usedBy.get(step.token)).toBeUndefined();
              usedBy.set(step.token, sid);
            }
          } else if (step.kind === "end") {
            const held = book.find(clientId);
            if (held !== null) book.release(held, atMs);
          } else if (step.kind === "expire") book.expire(atMs);
          else {
            revision += 1;
            book.nodeChanged({ nodeId: "n", epoch: 1, revision, state: "lost" }, atMs);
            revision += 1;
            arrive();
          }
        });
        store.close();
      }),
      { numRuns: 300 },
    );
  });
});
