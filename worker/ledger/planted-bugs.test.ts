/** The property test, tested: each of these bugs is planted into a copy of the ledger, and has to be caught. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeSql } from "../../test/support/node-sqlite.ts";
import { chance } from "../testing/chance.ts";
import { assertLedgerHolds } from "../testing/ledger-world/ledger-property.ts";
import type { Ledger } from "./ledger.ts";

interface PlantedBug {
  readonly name: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly healthy: string;
  readonly bug: string;
  /** What the property says. */
  readonly caughtBy: RegExp;
}

const TOO_MANY = /sessions live|slots are taken or held|its slot is free/;
const LEAK = /alive are/;

const BUGS: readonly PlantedBug[] = [
  {
    name: "lets one more in than the limit says",
    file: "ledger.ts",
    healthy: "if (activeSessions(this.#sql) + others >= limit)",
    bug: "if (activeSessions(this.#sql) + others > limit)",
    caughtBy: TOO_MANY,
  },
  {
    name: "frees a lease for an old run of its node",
    file: "ledger.ts",
    healthy: "if (held.nodeId !== ref.nodeId || held.epoch !== ref.epoch) return",
    bug: "if (held.nodeId !== ref.nodeId) return",
    caughtBy: TOO_MANY,
  },
  {
    name: "does not know a repeated offer by its sid",
    file: "ledger.ts",
    healthy: "if (held !== null && held.sid !== sid) return",
    bug: "if (held !== null) return",
    caughtBy: /changed by asking again/,
  },
  {
    name: "gives a session the client id of another",
    file: "ledger.ts",
    healthy: "taken = isTaken(this.#sql, clientId, held);",
    bug: "taken = false;",
    caughtBy: /UNIQUE/,
  },
  {
    name: "loses sight of a session that is named after its admission",
    file: "queries.ts",
    healthy: "return unnamed?.sid === sid ? unnamed : null;",
    bug: "return null;",
    caughtBy: LEAK,
  },
  {
    name: "frees a pending lease before its node has given up on the session",
    file: "leases.ts",
    healthy: "nowMs + PENDING_LEASE_MS,\n    ticketNumber,",
    bug: "nowMs + PENDING_LEASE_MS - 20_000,\n    ticketNumber,",
    caughtBy: TOO_MANY,
  },
  {
    name: "misses a lease in a snapshot while its offer is on its way",
    file: "leases.ts",
    healthy: "lease.admittedMs > nowMs - IN_FLIGHT_MS;",
    bug: "lease.admittedMs > nowMs;",
    caughtBy: TOO_MANY,
  },
  {
    name: "keeps the leases of a node's older run",
    file: "leases.ts",
    healthy: "} else if (inFlight) {",
    bug: "} else if (inFlight || lease.epoch !== epoch) {",
    caughtBy: LEAK,
  },
  {
    name: "keeps the leases of a node that is lost",
    file: "ledger.ts",
    healthy: 'state === "lost" ? loseLeases(this.#sql, nodeId, nowMs) : []',
    bug: "[]",
    caughtBy: LEAK,
  },
  {
    name: "frees the lease of an offer that may yet reach a node that is back from being lost",
    file: "leases.ts",
    healthy: "nowMs - IN_FLIGHT_MS) {\n      setDeadline(",
    bug: "nowMs) {\n      setDeadline(",
    caughtBy: TOO_MANY,
  },
  {
    name: "frees the leases of a node that is only suspect",
    file: "ledger.ts",
    healthy: 'state === "lost" ? loseLeases(this.#sql, nodeId, nowMs) : []',
    bug: 'state === "up" ? [] : loseLeases(this.#sql, nodeId, nowMs)',
    caughtBy: TOO_MANY,
  },
  {
    name: "believes news of a node that a hello has overtaken",
    file: "nodes.ts",
    healthy: "compareNews({ epoch, revision }, known) <= 0",
    bug: "compareNews({ epoch, revision }, known) < -9",
    caughtBy: TOO_MANY,
  },
  {
    name: "does not give a lease a deadline when it moves to another node",
    file: "leases.ts",
    healthy: "nowMs + PENDING_LEASE_MS,\n    clientId,",
    bug: "null,\n    clientId,",
    caughtBy: LEAK,
  },
  {
    name: "forgets that a held slot is taken",
    file: "ledger.ts",
    healthy: "const others = line.called - (called ? 1 : 0);",
    bug: "const others = 0;",
    caughtBy: TOO_MANY,
  },
  {
    name: "calls more than there are slots",
    file: "queue.ts",
    healthy: "this.#placer.room(nowMs)) - line.called;",
    bug: "this.#placer.room(nowMs));",
    caughtBy: TOO_MANY,
  },
  {
    name: "calls the youngest first",
    file: "tickets.ts",
    healthy: "WHERE called = 0 ORDER BY number LIMIT ?",
    bug: "WHERE called = 0 ORDER BY number DESC LIMIT ?",
    caughtBy: /was called before|was let in before/,
  },
  {
    name: "sends a caller that no node would take to the end of the line",
    file: "queue.ts",
    healthy: "const back = { number: held.ticketNumber,",
    bug: "const back = { number: held.ticketNumber + 50,",
    caughtBy: /behind who came later|was called before|was let in before/,
  },
  {
    name: "lets others keep their call when who is before them has to wait again",
    file: "tickets.ts",
    healthy: "WHERE called = 1 AND number >= ?",
    bug: "WHERE called = 1 AND number = ?",
    caughtBy: /was called before|was let in before/,
  },
  {
    name: "drops a ticket that was asked about",
    file: "queue.ts",
    healthy: "else this.#keep(own, rules.queue, nowMs);",
    bug: "",
    caughtBy: /was forgotten/,
  },
];

const HERE = import.meta.dirname;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "planted-bugs-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of the ledger with a bug in it; what is outside its folder it shares. */
async function plant({
  name,
  file,
  healthy,
  bug,
}: PlantedBug): Promise<new (...args: ConstructorParameters<typeof Ledger>) => Ledger> {
  const copy = join(folder, name.replaceAll(" ", "-"));
  mkdirSync(copy);
  for (const source of readdirSync(HERE).filter((entry) => entry.endsWith(".ts") && !entry.endsWith(".test.ts"))) {
    copyFileSync(join(HERE, source), join(copy, source));
    const text = readFileSync(join(copy, source), "utf8");
    if (source === file) expect(text.split(healthy), "the place of the bug").toHaveLength(2);
    const planted = source === file ? text.replace(healthy, () => bug) : text;
    writeFileSync(join(copy, source), planted.replaceAll('from "../', `from "${HERE}/../`));
  }
  const module = await import(/* @vite-ignore */ pathToFileURL(join(copy, "ledger.ts")).href);
  return module.Ledger;
}

describe("the property test catches a ledger that", () => {
  it.each(BUGS)("$name", async (planted) => {
    const Broken = await plant(planted);
    const open = () => {
      const sql = nodeSql();
      const random = chance(1);
      return { sql, open: () => new Broken(sql, random), close: () => sql.close() };
    };
    const check = () => assertLedgerHolds({ steps: 600_000, longest: 400, open, seed: 1, shrink: false });
    expect(check).toThrow(planted.caughtBy);
  });
}, 120_000);
