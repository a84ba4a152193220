import { describe, expect, it } from "vitest";
import { StopWords } from "./stop-words.ts";

const ends = (phrases: readonly string[], text: string) => new StopWords(phrases).endIn(text);

describe("StopWords (row 56)", () => {
  it.each([
    ["Computer, what time is it?", "Computer".length],
    ["Hey COMPUTER.", "Hey COMPUTER".length],
    ["computer", "computer".length],
    ["Computers are everywhere.", undefined],
    ["A microcomputer.", undefined],
    ["", undefined],
  ])("in %j", (text, end) => {
    expect(ends(["computer"], text)).toBe(end);
  });

  it("finds phrases over any spaces, though not over punctuation", () => {
    expect(ends(["Hey  Computer "], "well hey \n computer!")).toBe("well hey \n computer".length);
    expect(ends(["hey computer"], "Hey, computer.")).toBeUndefined();
  });

  it("finds the first of several, and takes their signs literally", () => {
    expect(ends(["alexa", "computer"], "computer, call alexa")).toBe("computer".length);
    expect(ends(["c++ expert"], "ask the C++ expert")).toBe("ask the C++ expert".length);
    expect(ends(["a.c"], "abc")).toBeUndefined();
  });

  it("knows the letters of other languages", () => {
    expect(ends(["café"], "Au café, merci.")).toBe("Au café".length);
    expect(ends(["caf"], "Au café.")).toBeUndefined();
  });

  it("refuses to listen for nothing", () => {
    expect(() => new StopWords([])).toThrow("Stop words are a list");
    expect(() => new StopWords(["computer", " "])).toThrow("none of them is empty");
  });
});
