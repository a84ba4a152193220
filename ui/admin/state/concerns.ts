/** What an operator should look at, worst first: nothing here means that all is well. */
import type { Overview } from "../../../shared/admin.ts";
import { counted } from "./format.ts";

export interface Concern {
  /** `down`: calls fail. `watch`: they may soon. */
  readonly level: "down" | "watch";
  readonly text: string;
}

/** A lost node is news this long; after that it has been taken away on purpose. */
const LOST_IS_NEWS_MS = 10 * 60_000;

export function concernsOf({ nodes, streams, nowMs }: Overview): readonly Concern[] {
  const concerns: Concern[] = [];
  if (streams.length === 0) {
    concerns.push({ level: "down", text: "No media node has registered a stream yet. Start one: npx edgertc node" });
  }
  for (const { name, nodesReady, limit, active, waiting } of streams) {
    if (nodesReady === 0)
      concerns.push({ level: "down", text: `No media node is ready for ${name}: its calls are refused.` });
    else if (limit === 0) concerns.push({ level: "watch", text: `${name} is closed: its limit is 0.` });
    else if (active >= limit) {
      const queue = waiting > 0 ? `, ${waiting} waiting` : "";
      concerns.push({ level: "watch", text: `${name} is full: ${active} of ${limit}${queue}.` });
    }
  }
  for (const { nodeId, state, sessions, sinceMs } of nodes) {
    if (state === "suspect") {
      const held = sessions > 0 ? ` It holds ${counted(sessions, "session")}.` : "";
      concerns.push({ level: "watch", text: `${nodeId} is silent.${held}` });
    } else if (state === "lost" && sinceMs !== null && nowMs - sinceMs < LOST_IS_NEWS_MS) {
      concerns.push({ level: "watch", text: `${nodeId} is gone.` });
    }
  }
  return concerns.toSorted((a, b) => Number(a.level === "watch") - Number(b.level === "watch"));
}
