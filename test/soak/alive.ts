/** How many sessions were alive on nodes at the same time, from what the nodes logged: the truth that rows must match. */
import * as v from "valibot";

interface Change {
  readonly atMs: number;
  readonly by: 1 | -1;
}

/** What a session process logs of a session's life. */
const Line = v.object({
  time: v.pipe(v.string(), v.isoTimestamp()),
  shard: v.number(),
  sid: v.string(),
  msg: v.picklist(["session connected", "session ended"]),
});

/** Counts sessions from connected to ended, or to the death of their node. */
export class AliveCount {
  readonly #changes: Change[] = [];
  /** Sessions that were ever alive. */
  total = 0;

  /** One run of a node: its whole log, and when it was killed, if it was, since 1970. */
  add(log: string, killedAtMs: number | null): void {
    const alive = new Set<string>();
    for (const text of log.split("\n")) {
      const line = parse(text);
      if (line === null) continue;
      const atMs = Date.parse(line.time);
      if (line.msg === "session connected") {
        alive.add(line.sid);
        this.total += 1;
        this.#changes.push({ atMs, by: 1 });
      } else if (alive.delete(line.sid)) this.#changes.push({ atMs, by: -1 });
    }
    if (killedAtMs !== null) for (const _ of alive) this.#changes.push({ atMs: killedAtMs, by: -1 });
  }

  /** The most there were at once. Of changes in the same millisecond, ends come first. */
  get most(): number {
    let now = 0;
    let most = 0;
    for (const { by } of this.#changes.toSorted((a, b) => a.atMs - b.atMs || a.by - b.by)) {
      now += by;
      most = Math.max(most, now);
    }
    return most;
  }
}

function parse(text: string): v.InferOutput<typeof Line> | null {
  if (!text.startsWith("{")) return null;
  const parsed = v.safeParse(Line, JSON.parse(text));
  return parsed.success ? parsed.output : null;
}
