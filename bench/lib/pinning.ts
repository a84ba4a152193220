/** Server and client on a core each, so that neither takes the other's time. Needs `taskset` and two cores. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Pinning {
  /** Core of the server, or undefined where nothing is pinned. */
  readonly serverCpu: number | undefined;
  readonly clientCpu: number | undefined;
}

const UNPINNED: Pinning = { serverCpu: undefined, clientCpu: undefined };

/** Pins this process, which is the client, with every thread it has; what it starts inherits the core. */
export function pinClient(): Pinning {
  const [serverCpu, clientCpu] = allowedCpus();
  if (serverCpu === undefined || clientCpu === undefined) return UNPINNED;
  try {
    execFileSync("taskset", ["-a", "-c", "-p", String(clientCpu), String(process.pid)], { stdio: "ignore" });
  } catch {
    // No taskset, or not allowed: the figures say that nothing was pinned.
    return UNPINNED;
  }
  return { serverCpu, clientCpu };
}

/** The command line that runs `command` on a core. */
export function pinned(cpu: number | undefined, command: readonly string[]): readonly string[] {
  return cpu === undefined ? command : ["taskset", "-c", String(cpu), ...command];
}

/** Cores this process may run on, from a list such as `0-3,8`. */
function allowedCpus(): number[] {
  if (process.platform !== "linux") return [];
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split("-").map(Number);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  });
}
