/**
 * Ends workerd when this process dies without a chance to: SIGKILL, a native crash. A shell waits on a pipe from here;
 * when the pipe breaks it kills what carries this edge's mark in its environment, restarted workerds included.
 *
 * Needs /proc. Elsewhere a workerd whose parent was killed has to be ended by hand.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";

/** Name of the environment variable that marks an edge's processes. */
export const GUARD_MARK = "EDGERTC_LOCAL_EDGE";

const SCRIPT = `
read -r _ && exit 0
for process in /proc/[0-9]*; do
  if grep -qs "${GUARD_MARK}=$1" "$process/environ"; then kill -9 "\${process#/proc/}"; fi
done`;

export interface Guard {
  /** Stands the guard down and waits until it is gone. */
  dismiss(): Promise<void>;
}

/** @param mark the value of {@link GUARD_MARK} in the environment of the processes to end. */
export function guardProcesses(mark: string): Guard {
  if (!existsSync("/proc/self/environ")) return { dismiss: async () => undefined };
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "edgertc-guard", mark], {
    stdio: ["pipe", "ignore", "ignore"],
    // A Ctrl-C in the terminal is for this process, which then stops in order.
    detached: true,
  });
  // A machine without a shell goes unguarded.
  let failed = false;
  shell.once("error", () => {
    failed = true;
  });
  shell.unref();
  return {
    dismiss: async () => {
      if (!failed) await dismiss(shell);
    },
  };
}

async function dismiss(shell: ChildProcess): Promise<void> {
  if (shell.exitCode !== null || shell.signalCode !== null) return;
  const exit = once(shell, "exit");
  shell.ref();
  shell.stdin?.end("done\n");
  await exit;
}
