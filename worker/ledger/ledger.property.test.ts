import { expect, it } from "vitest";
import { nodeSql } from "../../test/support/node-sqlite.ts";
import { chance } from "../testing/chance.ts";
import { assertLedgerHolds } from "../testing/ledger-world/ledger-property.ts";
import { Ledger } from "./ledger.ts";

/** Steps in all: a sample by default; EDGERTC_PROPERTY_STEPS=1000000 takes a minute. */
const STEPS = Number(process.env["EDGERTC_PROPERTY_STEPS"] ?? 100_000);
const LONGEST = 400;

function open() {
  const sql = nodeSql();
  const random = chance(1);
  return { sql, open: () => new Ledger(sql, random), close: () => sql.close() };
}

it("never lets more sessions live on nodes than the limit, leaks no slot, and lets in who came first, whatever happens in whatever order", () => {
  const taken = assertLedgerHolds({ steps: STEPS, longest: LONGEST, open });
  expect(taken).toBeGreaterThanOrEqual(STEPS);
}, 600_000);
