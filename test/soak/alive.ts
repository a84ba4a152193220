/** How many sessions were alive on nodes at the same time, from what the nodes logged: the truth that rows must match. */

interface Change {
  readonly atMs: number;
  readonly by: 1 | -1;
}

/** Counts sessions from connected to ended, or to the death of their node. */
export class AliveCount {
  readonly #changes: Change[] = [];

  /** One run of a node: its whole log, and when it was killed, if it was. Times since 1970. */
  add(log: string, killedAtMs: number | null): void {
    const alive = new Set<string>();
    for (const line of log.split("\n")) {
      const [, time, sid, what] =
        /^\{.*"time":(\d+).*"sid":"(s_[0-9a-f]+)".*"msg":"session (connected|ended)"/.exec(line) ?? [];
      if (time === undefined || sid === undefined) continue;
      if (what === "connected") {
        alive.add(sid);
        this.#changes.push({ atMs: Number(time), by: 1 });
      } else if (alive.delete(sid)) this.#changes.push({ atMs: Number(time), by: -1 });
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
