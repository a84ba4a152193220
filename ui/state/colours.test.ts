import { describe, expect, it } from "vitest";
import { contrast, inkOn, legible, styleOf } from "./colours.ts";

const ANY = ["#ff0000", "#ffff00", "#0000ff", "#777777", "#ffffff", "#000000", "#12ab9f"];

describe("a stream's colours", () => {
  it("are legible on the page in both schemes, whichever they are, with what is written on them", () => {
    for (const hex of ANY) {
      const [light, dark] = [legible(hex, "light"), legible(hex, "dark")];
      expect(contrast(light, "#f5f4f0"), hex).toBeGreaterThanOrEqual(4.5);
      expect(contrast(dark, "#171a1f"), hex).toBeGreaterThanOrEqual(4.5);
      for (const face of [light, dark]) expect(contrast(face, inkOn(face)), hex).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("stay as they are where they can be read", () => {
    expect(legible("#0a756d", "light")).toBe("#0a756d");
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  });

  it("become a style sheet, none without colours", () => {
    expect(styleOf({})).toBe("");
    const style = styleOf({ assistant: "#ffcc00" });
    expect(style).toContain("prefers-color-scheme:dark");
    expect(style).toContain("--bot:#ffcc00");
    expect(style).not.toContain("--user:");
  });
});
