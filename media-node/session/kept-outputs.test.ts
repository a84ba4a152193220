import { describe, expect, it } from "vitest";
import { MAX_KEPT_OUTPUT_CHARS, MAX_KEPT_OUTPUTS, MAX_OUTPUT_CHARS } from "../../shared/limits.ts";
import type { Output } from "../../shared/link.ts";
import { KeptOutputs } from "./kept-outputs.ts";

function outputs(): { kept: KeptOutputs; handedOn: Output[] } {
  const handedOn: Output[] = [];
  return { kept: new KeptOutputs((output) => handedOn.push(output)), handedOn };
}

describe("a session's outputs", () => {
  it("are kept for who comes later, from where it left off", () => {
    const { kept, handedOn } = outputs();
    for (const word of ["a", "b", "c"]) kept.add([word]);
    expect(handedOn).toEqual([]);
    expect(kept.watch(1)).toEqual({
      last: 3,
      kept: [
        { seq: 2, json: '["b"]' },
        { seq: 3, json: '["c"]' },
      ],
    });
  });

  it("are handed on only while somebody watches", () => {
    const { kept, handedOn } = outputs();
    kept.watch(0);
    kept.add([1]);
    kept.unwatch();
    kept.add([2]);
    expect(handedOn).toEqual([{ seq: 1, json: "[1]" }]);
  });

  it("drop the oldest past their number and past their size", () => {
    const { kept } = outputs();
    for (let i = 0; i < MAX_KEPT_OUTPUTS + 5; i += 1) kept.add([i]);
    expect(kept.watch(0).kept).toHaveLength(MAX_KEPT_OUTPUTS);
    expect(kept.watch(0).kept[0]?.seq).toBe(6);
    const large = "x".repeat(MAX_OUTPUT_CHARS - 10);
    for (let i = 0; i < 5; i += 1) kept.add([large]);
    const chars = kept.watch(0).kept.reduce((sum, { json }) => sum + json.length, 0);
    expect(chars).toBeLessThanOrEqual(MAX_KEPT_OUTPUT_CHARS);
  });

  it("refuse what is too large or no JSON, and go on", () => {
    const { kept } = outputs();
    expect(() => kept.add(["x".repeat(MAX_OUTPUT_CHARS)])).toThrow("too large");
    expect(() => kept.add([1n])).toThrow(TypeError);
    kept.add(["after"]);
    expect(kept.watch(0)).toEqual({ last: 1, kept: [{ seq: 1, json: '["after"]' }] });
  });
});
