import { describe, expect, it } from "vitest";
import { ReplayWindow } from "./replay-window.ts";

describe("the replay window", () => {
  it("takes each number once, in any order", () => {
    const window = new ReplayWindow();
    for (const number of [5, 3, 4, 60, 59]) {
      expect(window.allows(number)).toBe(true);
      window.add(number);
      expect(window.allows(number)).toBe(false);
    }
  });

  it("takes nothing that is older than it is wide", () => {
    const window = new ReplayWindow();
    window.add(1_000);
    expect(window.allows(1_000 - 63)).toBe(true);
    expect(window.allows(1_000 - 64)).toBe(false);
    window.add(2 ** 48);
    expect(window.allows(1_001)).toBe(false);
    expect(window.allows(2 ** 48 - 1)).toBe(true);
  });
});
