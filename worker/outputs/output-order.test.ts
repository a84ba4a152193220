import { describe, expect, it } from "vitest";
import { MAX_KEPT_OUTPUTS } from "../../shared/limits.ts";
import { OutputOrder } from "./output-order.ts";
import { outputId, seqAfter, tagOf } from "./watch-protocol.ts";

const output = (seq: number) => ({ kind: "output", seq, json: `[${seq}]` }) as const;
const kept = (last: number, ...seqs: number[]) =>
  ({ kind: "kept", tag: "abcd0123", last, kept: seqs.map((seq) => ({ seq, json: `[${seq}]` })) }) as const;
const seqs = (ordered: ReturnType<OutputOrder["take"]>) => (ordered.ok ? ordered.outputs.map(({ seq }) => seq) : "gap");

describe("a session's outputs", () => {
  it("come in order: those that were kept, then each new one", () => {
    const order = new OutputOrder();
    expect(seqs(order.take(kept(2, 1, 2)))).toEqual([1, 2]);
    expect(seqs(order.take(output(3)))).toEqual([3]);
  });

  it("come in order, though new ones overtook those that were kept", () => {
    const order = new OutputOrder();
    expect(seqs(order.take(output(2)))).toEqual([]);
    expect(seqs(order.take(output(3)))).toEqual([]);
    expect(seqs(order.take(kept(2, 1, 2)))).toEqual([1, 2, 3]);
  });

  it("come once, though reports are repeated", () => {
    const order = new OutputOrder();
    order.take(kept(0));
    expect(seqs(order.take(output(1)))).toEqual([1]);
    expect(seqs(order.take(output(1)))).toEqual([]);
  });

  it("end where one is missing, but not where old ones were dropped", () => {
    const order = new OutputOrder();
    expect(seqs(order.take(kept(9, 8, 9)))).toEqual([8, 9]);
    expect(seqs(order.take(output(11)))).toBe("gap");
  });

  it("end if too many come before the first word", () => {
    const order = new OutputOrder();
    for (let seq = 1; seq <= MAX_KEPT_OUTPUTS; seq += 1) expect(seqs(order.take(output(seq)))).toEqual([]);
    expect(seqs(order.take(output(MAX_KEPT_OUTPUTS + 1)))).toBe("gap");
  });
});

it("an id of an older session of the same client hides nothing of a new one", () => {
  const [one, other] = [`s_${"1".repeat(32)}`, `s_${"2".repeat(32)}`].map(tagOf);
  expect(seqAfter(outputId(String(one), 7), String(one))).toBe(7);
  expect(seqAfter(outputId(String(one), 7), String(other))).toBe(0);
  for (const id of ["", "7", "x-7", "11111111-", "11111111--1"]) expect(seqAfter(id, "11111111")).toBe(0);
});
