import { expect, it } from "vitest";
import { wordErrors } from "./word-errors.ts";

it.each([
  ["ten of clubs", "Ten of clubs.", 0],
  ["and mister john", "And Mr. John", 0],
  ["cold hearted", "cold-hearted", 0],
  ["ten of clubs", "ten clubs", 1],
  ["ten of clubs", "ten of the clubs", 1],
  ["ten of clubs", "tin of cloves", 2],
  ["ten of clubs", "", 3],
])("of %j, heard as %j, %i words are wrong", (said, heard, errors) => {
  expect(wordErrors(said, heard).errors).toBe(errors);
});

it("counts the words that were said", () => {
  expect(wordErrors("ten of clubs", "x").words).toBe(3);
  expect(wordErrors("", "")).toEqual({ errors: 0, words: 0 });
});
