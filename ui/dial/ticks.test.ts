import { describe, expect, it } from "vitest";
import type { Phase } from "../state/phase.ts";
import { LevelsTrail } from "./levels-trail.ts";
import { TICKS, type Tick, tickAt } from "./ticks.ts";

const TOP = 0;
const BOTTOM = TICKS / 2;

function dial(phase: Phase, levels: { input: number; output: number }[], still = false, timeMs = 0): Tick[] {
  const trail = new LevelsTrail();
  for (const level of levels) trail.push(level);
  return Array.from({ length: TICKS }, (_, index) => tickAt(index, { phase, trail, timeMs, still }));
}

const longest = (ticks: Tick[]) => ticks.findIndex(({ length }) => length === Math.max(...ticks.map((t) => t.length)));

describe("the ticks of the dial", () => {
  it("rest while connected in silence", () => {
    expect(dial("listening", [])).toEqual(Array.from({ length: TICKS }, () => ({ length: 0, tint: 0, side: "user" })));
  });

  it("let the person's voice enter at the bottom, and the other side's at the top", () => {
    const user = dial("user_speaking", [{ input: 0.9, output: 0 }]);
    expect(longest(user)).toBe(BOTTOM);
    expect(user[BOTTOM]?.side).toBe("user");
    const bot = dial("bot_speaking", [{ input: 0, output: 0.9 }]);
    expect(longest(bot)).toBe(TOP);
    expect(bot[TOP]?.side).toBe("bot");
  });

  it("move a voice along both sides alike as time goes on", () => {
    const silence = { input: 0, output: 0 };
    const ticks = dial("listening", [{ input: 0.9, output: 0 }, ...Array.from({ length: 20 }, () => silence)]);
    const peak = longest(ticks);
    expect(peak).toBeGreaterThan(TOP);
    expect(peak).toBeLessThan(BOTTOM);
    expect(ticks[TICKS - peak]?.length).toBeCloseTo(ticks[peak]?.length ?? Number.NaN);
  });

  it("show no voice while it reaches nobody", () => {
    for (const phase of ["asking", "connecting", "queued", "interrupted"] as const) {
      expect(dial(phase, [{ input: 1, output: 1 }])).toEqual(dial(phase, []));
    }
  });

  it("stand still in every phase where less motion is wanted", () => {
    for (const phase of ["asking", "connecting", "thinking", "interrupted", "idle"] as const) {
      expect(dial(phase, [], true, 0)).toEqual(dial(phase, [], true, 777));
    }
  });

  it("never leave their range", () => {
    const loud = Array.from({ length: 60 }, () => ({ input: 1, output: 1 }));
    for (const phase of ["asking", "connecting", "thinking", "interrupted", "idle", "bot_speaking"] as const) {
      for (const { length, tint } of dial(phase, loud, false, 333)) {
        expect(length).toBeGreaterThanOrEqual(0);
        expect(length).toBeLessThanOrEqual(1);
        expect(tint).toBeGreaterThanOrEqual(0);
        expect(tint).toBeLessThanOrEqual(1);
      }
    }
  });
});
