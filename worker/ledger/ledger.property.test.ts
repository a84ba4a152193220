import fc from "fast-check";
import { expect, it } from "vitest";
import { nodeSql } from "../../test/support/node-sqlite.ts";
import { LedgerWorld, STEPS, type Step } from "../testing/ledger-world.ts";
import { Ledger } from "./ledger.ts";

/** Steps of one history, and histories of one run: some hundred thousand steps in all, in about a second. */
const MAX_STEPS = 200;
const HISTORIES = 1_000;

// What keeps the world going is more likely than what breaks it.
const WEIGHTS: Partial<Record<Step, number>> = { offer: 6, deliver: 8, connect: 3, report: 4, hangup: 2, redial: 3 };

const step = fc.oneof(
  ...STEPS.map((name) => ({
    arbitrary: fc.tuple(fc.constant(name), fc.nat({ max: 9_999 })),
    weight: WEIGHTS[name] ?? 1,
  })),
);

it("never lets more sessions live on nodes than the limit, and leaks no slot, whatever happens in whatever order", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { minLength: 1, maxLength: MAX_STEPS, size: "max" }),
      (limit, nodes, history) => {
        const sql = nodeSql();
        const ledger = new Ledger(sql, () => 0.5);
        const world = new LedgerWorld({ ledger, limit, nodes, capacity: 2 });
        for (const [name, pick] of history) {
          world.run(name, pick);
          expect(world.alive().length).toBeLessThanOrEqual(limit);
        }
        world.settle();
        const leases = sql.rows("SELECT sid FROM leases ORDER BY sid").map((row) => row["sid"]);
        expect(leases).toEqual(world.alive());
        sql.close();
      },
    ),
    { numRuns: HISTORIES },
  );
}, 60_000);
