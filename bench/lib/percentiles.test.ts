import { describe, expect, it } from "vitest";
import { percentile, summarize } from "./percentiles.ts";

describe("percentile", () => {
  it("is a value that was measured, never one between two", () => {
    expect(percentile([1, 2, 3, 4], 50)).toBe(3);
    expect(percentile([1, 2, 3, 4], 0)).toBe(1);
    expect(percentile([1, 2, 3, 4], 100)).toBe(4);
  });

  it("is the second worst of 30 at 95 %", () => {
    expect(
      percentile(
        Float64Array.from({ length: 30 }, (_, i) => i + 1),
        95,
      ),
    ).toBe(29);
  });

  it("is no number where nothing was measured", () => {
    expect(percentile([], 50)).toBeNaN();
  });
});

describe("summarize", () => {
  it("sorts by size, not by digits, and leaves its input alone", () => {
    const values = [100, 9, 20];
    expect(summarize(values)).toEqual({ count: 3, min: 9, p50: 20, p95: 100, p99: 100, max: 100 });
    expect(values).toEqual([100, 9, 20]);
  });

  it("counts none of nothing", () => {
    expect(summarize([])).toMatchObject({ count: 0, p50: Number.NaN });
  });
});
