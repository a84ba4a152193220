/** Lets the thread of an engine whose work can wait stand back behind its process's other threads, where they share a core. */
import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import path from "node:path";

/**
 * Sets the calling thread's priority. Linux only, where each thread has its own.
 * @param niceness 0, as the others, to 19: what is left over. At 10 a thread gets a tenth of a core that another one wants whole.
 * @returns whether the thread stands back so far; not elsewhere, nor where a sandbox forbids it. Then it works like the others.
 */
export function standBack(niceness: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    // A link to <process>/task/<thread>.
    const thread = Number(path.basename(readlinkSync("/proc/thread-self")));
    // Nobody but root may come forward again.
    if (getPriority(thread) < niceness) setPriority(thread, niceness);
    return true;
  } catch {
    return false;
  }
}
