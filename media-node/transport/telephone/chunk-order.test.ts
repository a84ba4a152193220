import fc from "fast-check";
import { expect, it } from "vitest";
import { ChunkOrder } from "./chunk-order.ts";

function ordered(chunks: readonly (number | null)[]): (number | null)[] {
  const out: (number | null)[] = [];
  const order = new ChunkOrder<number | null>((piece) => out.push(piece));
  for (const chunk of chunks) order.push(chunk, chunk);
  return out;
}

it("passes at once what is in order, from whichever number it begins with", () => {
  expect(ordered([1, 2, 3])).toEqual([1, 2, 3]);
  expect(ordered([40, 41])).toEqual([40, 41]);
  expect(ordered([null, null])).toEqual([null, null]);
});

it("puts back what was overtaken", () => {
  expect(ordered([1, 3, 2, 4])).toEqual([1, 2, 3, 4]);
  expect(ordered([1, 4, 3, 2, 5])).toEqual([1, 2, 3, 4, 5]);
});

it("drops what comes twice or too late", () => {
  expect(ordered([1, 1, 2, 2, 1, 3])).toEqual([1, 2, 3]);
  expect(ordered([1, 3, 4, 5, 6, 2, 7])).toEqual([1, 3, 4, 5, 6, 7]);
});

it("goes on without a piece that does not come", () => {
  expect(ordered([1, 3, 4, 5])).toEqual([1]);
  expect(ordered([1, 3, 4, 5, 6])).toEqual([1, 3, 4, 5, 6]);
  expect(ordered([1, 1_000_000, 1_000_001, 1_000_002, 1_000_003])).toEqual([
    1, 1_000_000, 1_000_001, 1_000_002, 1_000_003,
  ]);
});

it("goes along with a count that begins anew", () => {
  const again = Array.from({ length: 40 }, (_, i) => i + 1);
  expect(ordered([5_000, 5_001, ...again]).slice(2)).toEqual(again.slice(24));
});

it("never gives anything twice or backwards, and keeps no more than a few", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { maxLength: 24 }), (chunks) => {
      const out = ordered(chunks).map((piece) => piece ?? -1);
      const expected = new Set(chunks.filter((chunk) => chunk >= (chunks[0] ?? 0)));
      return out.every((piece, i) => i === 0 || piece > (out[i - 1] ?? 0)) && out.length >= Math.min(1, expected.size);
    }),
  );
});
