import { describe, expect, it } from "vitest";
import { KeptTexts } from "./kept-texts.ts";
import { MAX_KEPT_TEXT_CHARS, MAX_KEPT_TEXTS } from "./limits.ts";

function kept(count: number, text = (n: number) => `text ${n}`): KeptTexts {
  const texts = new KeptTexts();
  for (let n = 1; n <= count; n++) texts.add(text(n));
  return texts;
}

describe("kept texts", () => {
  it("are those that the other side has not had", () => {
    expect(kept(3).after(1)).toEqual(["text 2", "text 3"]);
    expect(kept(3).after(0)).toHaveLength(3);
  });

  it("are none where it has had all, or says that it has had more", () => {
    expect(kept(3).after(3)).toEqual([]);
    expect(kept(3).after(9)).toEqual([]);
    expect(kept(0).after(0)).toEqual([]);
  });

  it("are bounded by number and by size, and counted all the same", () => {
    const many = kept(MAX_KEPT_TEXTS + 10);
    expect(many.count).toBe(MAX_KEPT_TEXTS + 10);
    expect(many.after(0)).toHaveLength(MAX_KEPT_TEXTS);
    expect(many.after(0)[0]).toBe("text 11");
    const large = kept(4, () => "x".repeat(MAX_KEPT_TEXT_CHARS / 2));
    expect(large.after(0)).toHaveLength(2);
  });
});
