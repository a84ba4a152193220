/** What a process and all its descendants use, read from /proc. Elsewhere than on Linux there is nothing to read. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Ticks of /proc's CPU times: 10 ms in every Linux userland, whatever the kernel's own rate. */
const TICK_MS = 10;

export interface TreeUsage {
  /** User and system time since each process began, children that have ended included. */
  readonly cpuMs: number;
  readonly residentMb: number;
  readonly threads: number;
}

export interface TreeOptions {
  /** Leave out the tree under this process. */
  readonly except?: number;
  /** Default `/proc`. */
  readonly proc?: string;
}

/** The process and its descendants, parents first. A process that has ended has none. */
export function processTree(root: number, { except, proc = "/proc" }: TreeOptions = {}): number[] {
  const found: number[] = [];
  const visit = (pid: number): void => {
    if (pid === except || !existsSync(path.join(proc, String(pid)))) return;
    found.push(pid);
    const tasks = path.join(proc, String(pid), "task");
    for (const task of listed(tasks)) {
      for (const child of words(read(path.join(tasks, task, "children")))) visit(Number(child));
    }
  };
  visit(root);
  return found;
}

export function treeUsage(root: number, options: TreeOptions = {}): TreeUsage {
  const { proc = "/proc" } = options;
  const total = { cpuMs: 0, residentMb: 0, threads: 0 };
  for (const pid of processTree(root, options)) {
    const usage = processUsage(path.join(proc, String(pid)));
    total.cpuMs += usage.cpuMs;
    total.residentMb += usage.residentMb;
    total.threads += usage.threads;
  }
  return total;
}

function processUsage(folder: string): TreeUsage {
  const stat = read(path.join(folder, "stat"));
  // The command's name may have spaces and brackets; the fields after it have none. The first is field 3 of proc(5).
  const fields = words(stat.slice(stat.lastIndexOf(")") + 1));
  const ticks = [14, 15, 16, 17].reduce((sum, field) => sum + Number(fields[field - 3] ?? 0), 0);
  const status = read(path.join(folder, "status"));
  return {
    cpuMs: ticks * TICK_MS,
    residentMb: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0),
  };
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** A process may end between being listed and being read: it then uses nothing. */
function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
