/** The machine's state while something is measured: how busy each core is, with what, and whether that was ours. */
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import type { Summary } from "./percentiles.ts";
import type { Pinning } from "./pinning.ts";
import { treeUsage } from "./process-tree.ts";

/** A client that sends later than this is the bottleneck itself. */
export const MAX_CLIENT_LATE_MS = 5;
/** Share of the server's core that may be somebody else's. The counters are sampled, so a few percent are noise. */
export const MAX_FOREIGN_SHARE = 0.15;

/** One core's share of time. */
export interface CpuShare {
  readonly cpu: number;
  readonly busy: number;
  readonly steal: number;
}

/** What was used between two moments. */
export interface Usage {
  readonly wallMs: number;
  /** CPU time of the server's whole process tree. */
  readonly serverCpuMs: number;
  readonly serverResidentMb: number;
  readonly serverThreads: number;
  /** CPU time of the client's process tree, a browser included. */
  readonly clientCpuMs: number;
  /** Over the last minute, at the end. */
  readonly loadAverage: number;
  readonly cpus: readonly CpuShare[];
  /** Share of the server's core used by processes that are neither server nor client. */
  readonly foreignShare: number;
}

/** True where a figure says more about the machine than about the server. */
export function isContended(usage: Usage, clientLateMs?: Summary): boolean {
  const late = clientLateMs !== undefined && clientLateMs.p95 > MAX_CLIENT_LATE_MS;
  return late || usage.foreignShare > MAX_FOREIGN_SHARE;
}

/** Begins to measure. @returns a function that ends it. */
export function startMeter(serverPid: number, { serverCpu }: Pinning): () => Usage {
  const read = () => ({
    atMs: performance.now(),
    server: treeUsage(serverPid),
    client: treeUsage(process.pid, { except: serverPid }),
    cpus: readCpus(),
  });
  const from = read();
  return () => {
    const to = read();
    const wallMs = to.atMs - from.atMs;
    const serverCpuMs = to.server.cpuMs - from.server.cpuMs;
    const clientCpuMs = to.client.cpuMs - from.client.cpuMs;
    const shares = to.cpus.map((cpu, i) => share(from.cpus[i] ?? cpu, cpu));
    const foreignShare =
      serverCpu === undefined
        ? mean(shares.map(({ work }) => work)) - (serverCpuMs + clientCpuMs) / wallMs / Math.max(1, shares.length)
        : (shares.find(({ cpu }) => cpu === serverCpu)?.work ?? 0) - serverCpuMs / wallMs;
    return {
      wallMs,
      serverCpuMs,
      serverResidentMb: to.server.residentMb,
      serverThreads: to.server.threads,
      clientCpuMs,
      loadAverage: loadavg()[0] ?? 0,
      cpus: shares.map(({ cpu, busy, steal }) => ({ cpu, busy, steal })),
      foreignShare: Math.max(0, foreignShare),
    };
  };
}

/** Ticks since the machine started. */
export interface CpuTicks {
  readonly cpu: number;
  /** Time of processes. Interrupts are apart: the network's are nobody's. */
  readonly work: number;
  readonly busy: number;
  readonly steal: number;
  readonly total: number;
}

/** Every core's counters, from the text of /proc/stat. */
export function parseCpus(stat: string): CpuTicks[] {
  return [...stat.matchAll(/^cpu(\d+) (.+)$/gm)].map(([, cpu, line = ""]) => {
    const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, steal = 0] = line
      .split(" ")
      .map(Number);
    const work = user + nice + system;
    const busy = work + irq + softirq;
    return { cpu: Number(cpu), work, busy, steal, total: busy + idle + wait + steal };
  });
}

function readCpus(): CpuTicks[] {
  return process.platform === "linux" ? parseCpus(readFileSync("/proc/stat", "latin1")) : [];
}

function share(from: CpuTicks, to: CpuTicks): CpuShare & { readonly work: number } {
  const total = Math.max(1, to.total - from.total);
  return {
    cpu: to.cpu,
    work: (to.work - from.work) / total,
    busy: (to.busy - from.busy) / total,
    steal: (to.steal - from.steal) / total,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
