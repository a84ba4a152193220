import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processTree, treeUsage } from "./process-tree.ts";

let proc: string;

beforeEach(async () => {
  proc = await mkdtemp(path.join(tmpdir(), "edgertc-proc-"));
});
afterEach(() => rm(proc, { recursive: true, force: true }));

interface FakeProcess {
  readonly children?: readonly number[];
  /** User, system, and the same of children that have ended, in ticks of 10 ms. */
  readonly ticks?: readonly [number, number, number, number];
  readonly name?: string;
}

async function addProcess(pid: number, { children = [], ticks = [0, 0, 0, 0], name = "node" }: FakeProcess) {
  const folder = path.join(proc, String(pid));
  // A second thread has children of its own, too.
  const [first, ...rest] = children;
  for (const [thread, list] of [
    [pid, first === undefined ? [] : [first]],
    [pid + 1_000, rest],
  ] as const) {
    await mkdir(path.join(folder, "task", String(thread)), { recursive: true });
    await writeFile(path.join(folder, "task", String(thread), "children"), `${list.join(" ")} `);
  }
  const before = "S 1 1 1 0 -1 4194304 9 9 9 9";
  await writeFile(path.join(folder, "stat"), `${pid} (${name}) ${before} ${ticks.join(" ")} 20 0 2 0`);
  await writeFile(path.join(folder, "status"), "Name:\tnode\nVmRSS:\t    2048 kB\nThreads:\t2\n");
}

describe("the process tree", () => {
  it("has the children of every thread, and theirs", async () => {
    await addProcess(10, { children: [11, 12] });
    await addProcess(11, { children: [13] });
    await addProcess(12, {});
    await addProcess(13, {});
    await addProcess(99, {});
    expect(processTree(10, { proc })).toEqual([10, 11, 13, 12]);
    expect(processTree(10, { proc, except: 11 })).toEqual([10, 12]);
  });

  it("is empty once the process has ended, and skips a child that ended just now", async () => {
    await addProcess(10, { children: [11] });
    expect(processTree(10, { proc })).toEqual([10]);
    expect(processTree(11, { proc })).toEqual([]);
    expect(treeUsage(11, { proc })).toEqual({ cpuMs: 0, residentMb: 0, threads: 0 });
  });

  it("adds up the CPU time of all, children that have ended included", async () => {
    await addProcess(10, { children: [11], ticks: [5, 3, 100, 20], name: "a (b) c" });
    await addProcess(11, { ticks: [1, 1, 0, 0] });
    expect(treeUsage(10, { proc })).toEqual({ cpuMs: 1_300, residentMb: 4, threads: 4 });
    expect(treeUsage(10, { proc, except: 11 }).cpuMs).toBe(1_280);
  });

  it.runIf(process.platform === "linux")("finds this process on the real thing", () => {
    const usage = treeUsage(process.pid);
    expect(processTree(process.pid)[0]).toBe(process.pid);
    expect(usage.threads).toBeGreaterThan(1);
    expect(usage.cpuMs).toBeGreaterThan(0);
  });
});
