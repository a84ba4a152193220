import { describe, expect, it } from "vitest";
import type { Usage } from "./machine.ts";
import type { Result } from "./report.ts";
import type { Row } from "./row.ts";
import { type RunOptions, run } from "./runner.ts";

const usage = (foreignShare: number): Usage => ({
  wallMs: 1,
  serverCpuMs: 0,
  serverResidentMb: 0,
  serverThreads: 0,
  clientCpuMs: 0,
  loadAverage: 0,
  cpus: [],
  foreignShare,
});

/** A row on a machine whose foreign load is, measurement for measurement, this. */
function row(title: string, foreign: number[], estimateMs = 1.5): Row {
  return {
    title,
    server: "full",
    estimateMs,
    measure: async () => ({ usage: usage(foreign.shift() ?? 0), figures: [] }),
  };
}

async function runRows(rows: readonly Row[], options: Partial<RunOptions> = {}) {
  const seen: string[] = [];
  const outcome = await run({
    rows,
    host: { with: (_ice, _signal, work) => work({ url: "http://127.0.0.1:1", pid: 1 }) },
    pinning: { serverCpu: 0, clientCpu: 1 },
    attempts: 3,
    budgetMs: 60_000.5,
    signal: new AbortController().signal,
    onResult: async ({ row: { title }, attempt }: Result) => {
      seen.push(`${title} ${attempt}`);
    },
    onFailure: ({ title }) => seen.push(`${title} failed`),
    ...options,
  });
  return { seen, failed: outcome.failed, contended: outcome.results.map(({ contended }) => contended) };
}

describe("run", () => {
  it("measures again, after all others, what was measured on a busy machine, until it is quiet", async () => {
    expect(await runRows([row("a", [0.5, 0.5, 0]), row("b", [0]), row("c", [0.5, 0])])).toEqual({
      seen: ["a 1", "b 1", "c 1", "a 2", "c 2", "a 3"],
      failed: 0,
      contended: [false, false, false],
    });
  });

  it("keeps a contended result, marked, when the machine never is quiet", async () => {
    const { seen, contended } = await runRows([row("a", [0.5, 0.5, 0.5, 0.5])]);
    expect(seen).toEqual(["a 1", "a 2", "a 3"]);
    expect(contended).toEqual([true]);
  });

  it("goes on after a row that fails, and after one for which no time is left", async () => {
    const broken: Row = { ...row("broken", []), measure: () => Promise.reject(new Error("no")) };
    const { seen, failed } = await runRows([broken, row("long", [], 90_000), row("short", [])]);
    expect(seen).toEqual(["broken failed", "long failed", "short 1"]);
    expect(failed).toBe(2);
  });

  it("starts nothing once it is interrupted", async () => {
    const { seen } = await runRows([row("a", [])], { signal: AbortSignal.abort() });
    expect(seen).toEqual([]);
  });
});
