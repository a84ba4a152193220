import { describe, expect, it } from "vitest";
import { LevelsTrail, TRAIL_FRAMES } from "./levels-trail.ts";

describe("the trail of levels", () => {
  it("remembers both sides, frame by frame", () => {
    const trail = new LevelsTrail();
    for (const level of [0.25, 0.5, 0.75]) trail.push({ input: level, output: 1 - level });
    expect([0, 1, 2, 3].map((frames) => trail.input(frames))).toEqual([0.75, 0.5, 0.25, 0]);
    expect(trail.output(0)).toBe(0.25);
  });

  it("is quiet again once the last sound has travelled around", () => {
    const trail = new LevelsTrail();
    trail.push({ input: 0, output: 1 });
    for (let i = 0; i < TRAIL_FRAMES - 1; i++) trail.push({ input: 0, output: 0 });
    expect(trail.isQuiet).toBe(false);
    trail.push({ input: 0, output: 0 });
    expect(trail.isQuiet).toBe(true);
  });

  it("gives the oldest for anything older", () => {
    const trail = new LevelsTrail();
    for (let i = 0; i < TRAIL_FRAMES; i++) trail.push({ input: i === 0 ? 1 : 0, output: 0 });
    expect(trail.input(10_000)).toBe(1);
  });
});
