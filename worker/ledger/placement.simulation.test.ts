/** Bursts on the real ledger in virtual time: 1,000 offers in one second over ten nodes. */
import { describe, expect, it } from "vitest";
import { nodeSql } from "../../test/support/node-sqlite.ts";
import { LoadNews } from "../objects/load-news.ts";
import { chance } from "../testing/chance.ts";
import { Ledger } from "./ledger.ts";
import type { ReportedLoad } from "./types.ts";

const OFFERS = 1_000;
const NODES = 10;
const SEEDS = [1, 2, 3];

interface Burst {
  readonly seed: number;
  readonly capacity?: number;
  /** Sessions of other streams on a node before the burst. */
  readonly before?: (node: number) => number;
  /** Load of the cores per session. */
  readonly cpuPerSession?: number;
  /** How long a node's report takes to reach the ledger; null is for ever. */
  readonly reportDelayMs?: (node: number) => number | null;
  /** Nodes are a time zone apart each, and every client is beside the first. */
  readonly apart?: boolean;
  /** What nodes report at first instead of the truth. */
  readonly stale?: (node: number) => number;
}

/** @returns each node's sessions after the burst, those before it included. */
function land({
  seed,
  capacity = 1_000,
  before = () => 0,
  cpuPerSession = 0,
  reportDelayMs = () => null,
  stale,
  apart = false,
}: Burst) {
  const sql = nodeSql();
  const ledger = new Ledger(sql, chance(seed));
  const sessions = Array.from({ length: NODES }, (_, node) => before(node));
  const load = (count: number): ReportedLoad => ({
    sessions: count,
    capacity,
    cpu: Math.min(1, count * cpuPerSession),
    ready: true,
  });
  const news = sessions.map(() => new LoadNews());
  const startMs = 1_000_000;
  for (const [node, count] of sessions.entries()) {
    const reported = load(stale?.(node) ?? count);
    const arrival = { nodeId: `n${node}`, epoch: 1, revision: 1, build: 1, concurrencyLimit: OFFERS, sessions: [] };
    const place = apart ? { latitude: 40, longitude: 15 * node } : null;
    ledger.nodeUp({ ...arrival, load: reported, place }, startMs - 60_000);
    news[node]?.told(reported, startMs - 60_000);
  }
  const onTheWay: { readonly atMs: number; readonly node: number; readonly load: ReportedLoad }[] = [];
  for (let offer = 0; offer < OFFERS; offer += 1) {
    const nowMs = startMs + offer;
    for (const report of onTheWay.filter(({ atMs }) => atMs === nowMs)) {
      ledger.nodeLoad({ nodeId: `n${report.node}`, epoch: 1, load: report.load }, nowMs);
    }
    const admission = ledger.admit({
      sid: `s_${offer}`,
      clientId: `c${offer}`,
      nowMs,
      near: { latitude: 40, longitude: 0 },
    });
    if (!admission.ok) throw new Error(`offer ${offer}: ${admission.code}`);
    const node = Number(admission.nodeId.slice(1));
    sessions[node] = (sessions[node] ?? 0) + 1;
    const report = load(sessions[node]);
    const delayMs = reportDelayMs(node);
    if (delayMs === null || news[node]?.isNews(report, nowMs) !== true) continue;
    news[node]?.told(report, nowMs);
    onTheWay.push({ atMs: nowMs + delayMs, node, load: report });
  }
  sql.close();
  return sessions;
}

const mean = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0) / counts.length;
const maxOverMean = (counts: readonly number[]) => Math.max(...counts) / mean(counts);

/** The highest count if every session went to the node with the fewest. */
function bestPossible(counts: readonly number[]): number {
  const best = [...counts];
  for (let offer = 0; offer < OFFERS; offer += 1) best[best.indexOf(Math.min(...best))] = Math.min(...best) + 1;
  return Math.max(...best);
}

const half = (loaded: number) => (node: number) => (node < NODES / 2 ? loaded : 0);

describe.each(SEEDS)("1,000 offers in a second over ten nodes (chance %i)", (seed) => {
  it("spread evenly while no report comes in", () => {
    expect(maxOverMean(land({ seed }))).toBeLessThanOrEqual(1.2);
  });

  it("spread evenly though every client is nearest to the same node", () => {
    expect(maxOverMean(land({ seed, apart: true }))).toBeLessThanOrEqual(1.2);
  });

  it("fill nodes of little capacity without a refusal", () => {
    expect(maxOverMean(land({ seed, capacity: 110 }))).toBeLessThanOrEqual(1.1);
  });

  it.each([20, 50, 100, 150, 200])("even out half of the nodes that hold %i sessions already", (loaded) => {
    expect(maxOverMean(land({ seed, before: half(loaded) }))).toBeLessThanOrEqual(1.2);
  });

  it.each([300, 500, 800])(
    "leave half of the nodes nearly alone that hold %i, more than they ever even out",
    (loaded) => {
      const after = land({ seed, before: half(loaded) });
      expect(
        Math.max(...after) / bestPossible(Array.from({ length: NODES }, (_, node) => half(loaded)(node))),
      ).toBeLessThan(1.1);
      expect(maxOverMean(after.slice(NODES / 2))).toBeLessThanOrEqual(1.2);
    },
  );

  it.each([0, 0.000_9, 0.003])(
    "spread evenly when reports are of different age, at %d of the cores per session",
    (cpuPerSession) => {
      const reportDelayMs = (node: number) => [0, 40, 150, 400, null][node % 5] ?? null;
      for (const capacity of [200, 1_000]) {
        expect(maxOverMean(land({ seed, capacity, cpuPerSession, reportDelayMs }))).toBeLessThanOrEqual(1.2);
      }
    },
  );

  it("spread evenly when what nodes reported is out of date", () => {
    const stale = (node: number) => (node % 2) * 15;
    expect(maxOverMean(land({ seed, stale }))).toBeLessThanOrEqual(1.2);
  });
});
