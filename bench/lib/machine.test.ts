import { describe, expect, it } from "vitest";
import { isContended, parseCpus, type Usage } from "./machine.ts";
import { summarize } from "./percentiles.ts";

const quiet: Usage = {
  wallMs: 1_000,
  serverCpuMs: 300,
  serverResidentMb: 100,
  serverThreads: 10,
  clientCpuMs: 100,
  loadAverage: 0.4,
  cpus: [],
  foreignShare: 0.02,
};

describe("parseCpus", () => {
  it("tells the work of processes from interrupts, and both from stolen time", () => {
    const stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 10 2 5 70 3 1 4 5 0 0\ncpu1 1 0 0 9 0 0 0 0 0 0\nintr 5\n";
    expect(parseCpus(stat)).toEqual([
      { cpu: 0, work: 17, busy: 22, steal: 5, total: 100 },
      { cpu: 1, work: 1, busy: 1, steal: 0, total: 10 },
    ]);
  });
});

describe("isContended", () => {
  it("lets a quiet machine's figures stand", () => {
    expect(isContended(quiet, summarize([0, 1, 1, 2]))).toBe(false);
    expect(isContended(quiet)).toBe(false);
  });

  it("distrusts a client that sends late, and a server that shares its core", () => {
    expect(isContended(quiet, summarize([0, 0, 1, 9]))).toBe(true);
    expect(isContended({ ...quiet, foreignShare: 0.2 })).toBe(true);
  });
});
