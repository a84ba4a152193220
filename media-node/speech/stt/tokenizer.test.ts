import { expect, it } from "vitest";
import { readTokenizer } from "./tokenizer.ts";

const pieces = ["<unk>", "<s>", "</s>", "<0xC3>", "<0xA9>", "▁caf", "▁Hello", ",", "▁"];
const source = `const llama_vocab_base64 = "${Buffer.from(pieces.join("\n")).toString("base64")}";\nthrow 1;`;

it("joins pieces to text, with bytes, and without what is no text", () => {
  const detokenize = readTokenizer(source);
  expect(detokenize([1, 6, 7, 5, 3, 4, 2])).toBe("Hello, café");
  expect(detokenize([0, 8, 32_500])).toBe("");
  expect(detokenize([])).toBe("");
});

it("says when a file has no vocabulary", () => {
  expect(() => readTokenizer("export {};")).toThrow("no vocabulary");
});
