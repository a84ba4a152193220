import { describe, expect, it } from "vitest";
import { Stream } from "./stream.ts";

const stream = (maxVideoBitsPerSecond: number) =>
  new Stream((frame) => frame, { modality: "video", maxVideoBitsPerSecond });

describe("maxVideoBitsPerSecond", () => {
  it("takes what a picture and a line want", () => {
    for (const rate of [100_000, 4_000_000, 20_000_000]) expect(stream(rate).options.maxVideoBitsPerSecond).toBe(rate);
  });

  it.each([0, 99_999, 20_000_001, Number.NaN, -1])("refuses %d", (rate) => {
    expect(() => stream(rate)).toThrow("maxVideoBitsPerSecond must be 100000 to 20000000");
  });
});
