/**
 * Runs around all system tests: every process that they start inherits a mark, and none may be left when they are over.
 */
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";

const MARK = "EDGERTC_TEST_RUN";
const GRACE_MS = 5_000;

export default function markProcesses(): (() => Promise<void>) | undefined {
  // Another project of system tests has done it.
  if (process.env[MARK] !== undefined) return undefined;
  const run = randomUUID();
  process.env[MARK] = run;
  return async () => {
    const endMs = performance.now() + GRACE_MS;
    let left = await orphansOf(run);
    while (left.length > 0 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      left = await orphansOf(run);
    }
    if (left.length > 0) throw new Error(`The tests left processes behind:\n${left.join("\n")}`);
  };
}

interface Marked {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/**
 * Command lines of marked processes that do not descend from the test runner any more: the test file's own process, which
 * started them, has ended before. Only where there is a /proc.
 */
async function orphansOf(run: string): Promise<string[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => inspect(Number(pid), run)));
  const marked = new Map(found.filter((item) => item !== undefined).map((item) => [item.pid, item]));
  const belongsToRunner = (pid: number): boolean => {
    if (pid === process.pid) return true;
    const parent = marked.get(pid)?.parent;
    return parent !== undefined && belongsToRunner(parent);
  };
  return [...marked.values()].filter(({ pid }) => !belongsToRunner(pid)).map(({ pid, command }) => `${pid} ${command}`);
}

async function inspect(pid: number, run: string): Promise<Marked | undefined> {
  try {
    const [environment, command, status] = await Promise.all([
      readFile(`/proc/${pid}/environ`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      readFile(`/proc/${pid}/status`, "utf8"),
    ]);
    if (!environment.includes(`${MARK}=${run}`) || command === "") return undefined;
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
    return { pid, parent, command: command.replaceAll("\0", " ").trim() };
  } catch {
    // Gone between the listing and the look.
    return undefined;
  }
}
