import { describe, expect, it } from "vitest";
import { follow, loudness } from "./levels.ts";

const sine = (amplitude: number) => Float32Array.from({ length: 1024 }, (_, i) => amplitude * Math.sin(i / 10));

describe("loudness", () => {
  it("is 0 in silence and for no samples at all, 1 when shouted", () => {
    expect(loudness(new Float32Array(1024))).toBe(0);
    expect(loudness(new Float32Array(0))).toBe(0);
    expect(loudness(sine(1))).toBe(1);
  });

  it("shows quiet speech as well as loud", () => {
    const quiet = loudness(sine(0.01));
    const loud = loudness(sine(0.1));
    expect(quiet).toBeGreaterThan(0.2);
    expect(loud).toBeGreaterThan(quiet + 0.3);
    expect(loud).toBeLessThan(1);
  });
});

describe("the shown level", () => {
  it("rises at once and falls gently", () => {
    expect(follow(0.1, 0.8)).toBe(0.8);
    const fallen = follow(0.8, 0);
    expect(fallen).toBeGreaterThan(0.5);
    expect(fallen).toBeLessThan(0.8);
  });
});
