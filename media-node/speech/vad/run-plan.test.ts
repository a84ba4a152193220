import { describe, expect, it } from "vitest";
import { RESET_BIT } from "./packet.ts";
import { MAX_PLACES, MAX_WINDOWS, RunPlan } from "./run-plan.ts";

function planOf(...words: readonly number[]): RunPlan {
  const plan = new RunPlan();
  for (const word of words) expect(plan.add(word)).toBe(true);
  return plan;
}

function written(plan: RunPlan) {
  const [order, lengths] = [new Int32Array(plan.steps * plan.sessions), new Int32Array(plan.sessions)];
  plan.write(order, lengths);
  return { order: [...order], lengths: [...lengths] };
}

describe("a plan of a run", () => {
  it("has each session's windows one after the other, in the order they came", () => {
    const plan = planOf(7, 3, 7, 7, 5, 3);
    expect(plan).toMatchObject({ windows: 6, sessions: 3, steps: 3 });
    expect(plan.sequences.map(({ slot, windows }) => [slot, windows])).toEqual([
      [7, [0, 2, 3]],
      [3, [1, 5]],
      [5, [4]],
    ]);
    // By steps; a place past a session's last window holds any.
    expect(written(plan)).toEqual({ order: [0, 1, 4, 2, 5, 0, 3, 0, 0], lengths: [3, 2, 1] });
  });

  it("takes a session that begins anew for another one", () => {
    const plan = planOf(4, 4, 4 | RESET_BIT, 4);
    expect(plan.sequences).toEqual([
      { slot: 4, startsAnew: false, windows: [0, 1] },
      { slot: 4, startsAnew: true, windows: [2, 3] },
    ]);
  });

  it("is full after so many windows, however they belong together", () => {
    const one = planOf(...Array.from({ length: MAX_WINDOWS }, () => 0));
    const each = planOf(...Array.from({ length: MAX_WINDOWS }, (_, slot) => slot));
    for (const plan of [one, each]) {
      expect(plan.add(1)).toBe(false);
      expect(plan.windows).toBe(MAX_WINDOWS);
    }
  });

  it("is full where one session with many windows would leave many idle places beside it", () => {
    const others = Array.from({ length: 100 }, (_, slot) => slot + 1);
    const plan = planOf(0, ...others);
    while (plan.add(0));
    expect(plan.steps * plan.sessions).toBeLessThanOrEqual(MAX_PLACES);
    expect(plan).toMatchObject({ sessions: 101, steps: 10 });
    // Refused is refused: nothing of it is in the plan.
    expect(plan.sequences[0]?.windows).toHaveLength(10);
  });
});
