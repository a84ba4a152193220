import { expect, it } from "vitest";
import { AliveCount } from "./alive.ts";

const line = (second: number, sid: string, msg: string): string =>
  JSON.stringify({ level: "info", time: new Date(second * 1_000).toISOString(), shard: 0, sid, msg });

it("counts sessions over all nodes, to their end or to their node's death", () => {
  const alive = new AliveCount();
  alive.add(
    [
      "no JSON",
      line(1, "a", "session connected"),
      line(2, "b", "session connected"),
      line(3, "a", "session ended"),
      line(3, "a", "session ended"),
    ].join("\n"),
    4_000,
  );
  alive.add(line(4, "c", "session connected"), null);
  alive.add(line(2, "d", "session connected"), null);
  expect(alive.most).toBe(3);
  expect(alive.total).toBe(4);
});
