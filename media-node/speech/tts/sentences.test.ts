import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_SENTENCE_CHARS, SentenceSplitter, splitSentences } from "./sentences.ts";

/** As a language model sends it: a few characters at a time. */
function streamed(text: string, size: number, eager = false): string[] {
  const splitter = new SentenceSplitter({ eager });
  const out: string[] = [];
  for (let at = 0; at < text.length; at += size) out.push(...splitter.push(text.slice(at, at + size)));
  return [...out, ...splitter.flush()];
}

describe("splitSentences", () => {
  it.each([
    ["Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]],
    ["Mr. Smith met Dr. Jones at St. Mary. They talked.", ["Mr. Smith met Dr. Jones at St. Mary.", "They talked."]],
    ["Take fruit, e.g. Apples or pears. Eat.", ["Take fruit, e.g. Apples or pears.", "Eat."]],
    ["Pi is 3.14159. It costs $19.99 today.", ["Pi is 3.14159.", "It costs $19.99 today."]],
    ["Well... perhaps not. Wait... What?", ["Well... perhaps not.", "Wait...", "What?"]],
    ["Hmm… maybe. So… Yes.", ["Hmm… maybe.", "So…", "Yes."]],
    ['"Stop!" he said. "Why?" She left.', ['"Stop!" he said.', '"Why?"', "She left."]],
    ["(Really.) Yes.", ["(Really.)", "Yes."]],
    ["J. R. R. Tolkien wrote it. So did I. You know.", ["J. R. R. Tolkien wrote it.", "So did I.", "You know."]],
    [
      "We meet at 5 p.m. Monday. Or at 6 p.m. The door is open.",
      ["We meet at 5 p.m. Monday.", "Or at 6 p.m.", "The door is open."],
    ],
    [
      "Acme Inc. Boston makes it. I live in the U.S. It is big.",
      ["Acme Inc. Boston makes it.", "I live in the U.S.", "It is big."],
    ],
    ["See no. 5 and p. 12. No. That is wrong.", ["See no. 5 and p. 12.", "No.", "That is wrong."]],
    ["Go to example.com/a.b. Then read.", ["Go to example.com/a.b.", "Then read."]],
    ["What?! Never!!! Ok.", ["What?!", "Never!!!", "Ok."]],
    ["今天天气很好。你好吗？很好！", ["今天天气很好。", "你好吗？", "很好！"]],
    ["彼は「はい。」と言った。終わり", ["彼は「はい。」", "と言った。", "終わり"]],
    ["You need:\n- bread\n- milk\n\nThat is all", ["You need:", "- bread", "- milk", "That is all"]],
    ["First:\n1. Wash it. 2. Dry it.", ["First:", "1. Wash it.", "2. Dry it."]],
    ["A line\nthat goes on. End", ["A line that goes on.", "End"]],
    ["  \n\n  ", []],
    ["", []],
    ["...", ["..."]],
    ["The cat sat. John bought a fig. Ann ran.", ["The cat sat.", "John bought a fig.", "Ann ran."]],
    ["See Fig. 3 by Smith et al. Then etc. and so on.", ["See Fig. 3 by Smith et al. Then etc. and so on."]],
    ["no stop at all", ["no stop at all"]],
  ])("splits %j", (text, sentences) => {
    expect(splitSentences(text)).toEqual(sentences);
    for (const size of [1, 3, 7]) expect(streamed(text, size)).toEqual(sentences);
  });

  it("cuts a long sentence at its last clause that fits", () => {
    const clause = "the quick brown fox jumps over the lazy dog again and again and again,";
    const parts = splitSentences(`${Array.from({ length: 8 }, () => clause).join(" ")} at last.`);
    expect(parts.every((part) => part.length <= MAX_SENTENCE_CHARS)).toBe(true);
    expect(parts.slice(0, -1).every((part) => part.endsWith(","))).toBe(true);
    expect(parts).toHaveLength(3);
  });

  it("cuts between words where there is no clause, and in words where there is no space", () => {
    const words = Array.from({ length: 120 }, () => "word").join(" ");
    expect(splitSentences(words).join(" ")).toBe(words);
    const long = "x".repeat(1_000);
    expect(splitSentences(long).join("")).toBe(long);
    expect(splitSentences("😀".repeat(300)).join("")).toBe("😀".repeat(300));
  });

  it("loses no character but white space, and makes nothing too long, of any text in any pieces", () => {
    const bare = (text: string) => text.replace(/\s+/g, "");
    const texts = fc.string({ unit: fc.constantFrom(..."abcAB1 .!?,;\n\"')。、…Mr".split("")), maxLength: 600 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 50 }), fc.boolean(), (text, size, eager) => {
        const parts = streamed(text, size, eager);
        expect(bare(parts.join(""))).toBe(bare(text));
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(MAX_SENTENCE_CHARS);
          expect(part.trim()).toBe(part);
          expect(part).not.toBe("");
        }
      }),
    );
  });
});

describe("SentenceSplitter", () => {
  it("gives a sentence away as soon as the next one begins", () => {
    const splitter = new SentenceSplitter();
    expect(splitter.push("Hello there.")).toEqual([]);
    expect(splitter.push(" ")).toEqual([]);
    expect(splitter.push("H")).toEqual(["Hello there."]);
  });

  it("gives the first long clause away early when asked to, and only that", () => {
    const text = "When you think about it for a while, it is quite simple, and then, of course, it is not";
    const [first, ...rest] = streamed(text, 4, true);
    expect(first).toBe("When you think about it for a while, it is quite simple,");
    expect(rest).toEqual(["and then, of course, it is not"]);
    expect(streamed("Yes, of course. No.", 2, true)).toEqual(["Yes, of course.", "No."]);
  });

  it("takes text without an end in bounded memory and time", () => {
    const splitter = new SentenceSplitter();
    let chars = 0;
    for (let i = 0; i < 2_000; i++) for (const part of splitter.push("word ")) chars += part.length + 1;
    expect(chars).toBeGreaterThan(9_500);
  });

  it("starts afresh after a flush", () => {
    const splitter = new SentenceSplitter();
    splitter.push("One");
    expect(splitter.flush()).toEqual(["One"]);
    expect(splitter.flush()).toEqual([]);
    expect(splitter.push("Two. Three")).toEqual(["Two."]);
  });
});
