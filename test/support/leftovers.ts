/**
 * Runs around all system tests: every process that they start inherits a mark, and none may be left when they are over.
 */
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";

const MARK = "EDGERTC_TEST_RUN";
const GRACE_MS = 5_000;

export default function markProcesses(): () => Promise<void> {
  const run = randomUUID();
  process.env[MARK] = run;
  return async () => {
    const endMs = performance.now() + GRACE_MS;
    let left = await processesOf(run);
    while (left.length > 0 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      left = await processesOf(run);
    }
    if (left.length > 0) throw new Error(`The tests left processes behind:\n${left.join("\n")}`);
  };
}

/** Command lines of the marked processes, but for the test runner's own and its helpers. Only where there is a /proc. */
async function processesOf(run: string): Promise<string[]> {
  const pids = await readdir("/proc").catch(() => []);
  const found: string[] = [];
  for (const pid of pids) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    try {
      const [environment, command] = await Promise.all([
        readFile(`/proc/${pid}/environ`, "utf8"),
        readFile(`/proc/${pid}/cmdline`, "utf8"),
      ]);
      const line = command.replaceAll("\0", " ").trim();
      if (environment.includes(`${MARK}=${run}`) && line !== "" && !line.includes("vitest"))
        found.push(`${pid} ${line}`);
    } catch {
      // Gone between the listing and the look.
    }
  }
  return found;
}
