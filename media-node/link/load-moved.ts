/** When a node's load is worth a report. */
import type { NodeLoad } from "../../shared/link.ts";

/** True if it has moved by a tenth, or says something else than how much there is to do. */
export function loadMoved(before: NodeLoad | undefined, now: NodeLoad): boolean {
  if (before === undefined || before.ready !== now.ready || before.capacity !== now.capacity) return true;
  const tenth = Math.max(1, now.capacity / 10);
  return Math.abs(before.sessions - now.sessions) >= tenth || Math.abs(before.cpu - now.cpu) > 0.1;
}
