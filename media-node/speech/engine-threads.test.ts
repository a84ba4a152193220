import { expect, it } from "vitest";
import { threadsOf } from "./engine-threads.ts";

it("is one thread, unless the operator says otherwise", () => {
  expect(threadsOf("N", {})).toBe(1);
  expect(threadsOf("N", { N: "" })).toBe(1);
  expect(threadsOf("N", { N: "4" })).toBe(4);
});

it.each(["0", "-1", "1.5", "many", "1000"])("refuses %j", (text) => {
  expect(() => threadsOf("N", { N: text })).toThrow("N must be");
});
