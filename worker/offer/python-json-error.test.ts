import { expect, it } from "vitest";
import { pythonJsonError } from "./python-json-error.ts";

// What `json.loads` of Python 3.11 says.
it.each([
  ["", 0, "Expecting value"],
  ["x", 0, "Expecting value"],
  ["{", 1, "Expecting property name enclosed in double quotes"],
  ['{"a"', 4, "Expecting ':' delimiter"],
  ['{"a":', 5, "Expecting value"],
  ['{"a":1', 6, "Expecting ',' delimiter"],
  ['{"a":1,', 7, "Expecting property name enclosed in double quotes"],
  ['{"a":1,}', 7, "Expecting property name enclosed in double quotes"],
  ["[1,]", 3, "Expecting value"],
  ["[1 2]", 3, "Expecting ',' delimiter"],
  ['{"a":1} x', 8, "Extra data"],
  ['"abc', 0, "Unterminated string starting at"],
  ['"a\\q"', 2, "Invalid \\escape"],
  ['"a\\u12"', 3, "Invalid \\uXXXX escape"],
  ['"a\tb"', 2, "Invalid control character at"],
  ["nul", 0, "Expecting value"],
  ["-", 0, "Expecting value"],
  ["01", 1, "Extra data"],
  ["1.", 1, "Extra data"],
  ["{'a':1}", 1, "Expecting property name enclosed in double quotes"],
  ["  ", 2, "Expecting value"],
  ['\n{"a":tru}', 6, "Expecting value"],
  ['[1,2,{"b":"\\', 10, "Unterminated string starting at"],
])("places the error in %j as Python does", (text, position, message) => {
  expect(pythonJsonError(text)).toEqual({ position, message });
});

it("finds nothing wrong with what Python takes", () => {
  for (const text of ['{"a": [1, -2.5e3, "\\u00e9\u007f"], "b": {}}', "NaN", "[]", " -Infinity "]) {
    expect(pythonJsonError(text)).toBeNull();
  }
});

it("refuses nesting without end", () => {
  expect(pythonJsonError("[".repeat(100_000))).toMatchObject({ message: "Expecting value" });
});
