/** A sample of the soak (`npm run soak`): a few seconds of what the whole one does for minutes. */
import { expect, it } from "vitest";
import { runSoak } from "./soak/soak.ts";
import { failuresOf } from "./soak/verdict.ts";

/** Other tests may have the machine's cores; what is looked for are calls that stop, not how smooth they are. */
const MAX_GAP_MS = 2_000;

it("calls go on while every object is reset and a node is killed, and no slot is lost or given twice", async () => {
  const report = await runSoak({ durationMs: 20_000, resetEveryMs: 3_000, killEveryMs: 11_000, callMs: 12_000 });
  console.log(report);
  expect(failuresOf(report, MAX_GAP_MS)).toEqual([]);
});
