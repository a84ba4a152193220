/** The processes that a process has started. */
import { readFile } from "node:fs/promises";

/** @returns the ids of those directly below it; none where it is gone. */
export async function descendants(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return children.trim().split(" ").filter(Boolean).map(Number);
}
