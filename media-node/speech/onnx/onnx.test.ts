import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { joined, matrix, repeated, scaled, transposed } from "./matrix.ts";
import { ModelWriter } from "./model-writer.ts";
import { readModel } from "./read-model.ts";

const weights = (values: readonly number[], ...shape: readonly number[]) => ({
  shape,
  values: Float32Array.from(values),
});

/** y = rows × weight + bias, the two halves of it swapped, and the middle two columns of that. */
function model(weight = weights([1, 2, 3, 4, 5, 6, 7, 8], 2, 4), axis = 1): Uint8Array {
  const graph = new ModelWriter();
  const rows = graph.input("rows", ["n", 2]);
  const product = graph.op("Gemm", [rows, graph.floats(weight), graph.floats(weights([0, 0, 0, 100], 4))]);
  graph.split(product, axis, ["left", "right"]);
  const swapped = graph.op("Concat", ["right", "left"], { axis });
  graph.output("swapped", ["n", 4], swapped);
  graph.output("middle", ["n", 2], graph.slice(swapped, 1, 3));
  graph.output("wide", ["n", 6], graph.op("Pad", [product, graph.integers(0, 1, 0, 1)], { mode: "reflect" }));
  return graph.finish();
}

describe("ONNX files", () => {
  it("are written as ONNX Runtime reads them, for any number of rows", async () => {
    const session = await ort.InferenceSession.create(model(), { logSeverityLevel: 3 });
    for (const n of [1, 3]) {
      const rows = new ort.Tensor("float32", new Float32Array(2 * n).fill(1), [n, 2]);
      const { swapped, middle, wide } = await session.run({ rows });
      expect(swapped?.data).toEqual(Float32Array.from({ length: 4 * n }, (_, i) => [10, 112, 6, 8][i % 4] ?? 0));
      expect(middle?.data).toEqual(Float32Array.from({ length: 2 * n }, (_, i) => [112, 6][i % 2] ?? 0));
      expect(wide?.data).toEqual(Float32Array.from({ length: 6 * n }, (_, i) => [8, 6, 8, 10, 112, 10][i % 6] ?? 0));
      expect(wide?.dims).toEqual([n, 6]);
    }
  });

  it("give their weights back, and tell graphs apart but not the weights in them", () => {
    const weight = weights([8, 7, 6, 5, 4, 3, 2, 1], 2, 4);
    const [one, other] = [readModel(model()), readModel(model(weight))];
    expect([...other.weights.values()]).toEqual([weight, weights([0, 0, 0, 100], 4)]);
    expect(other.graphDigest).toBe(one.graphDigest);
    expect(readModel(model(weight, 0)).graphDigest).not.toBe(one.graphDigest);
    expect(readModel(model(weights([1, 2, 3, 4, 5, 6, 7, 8], 4, 2))).graphDigest).not.toBe(one.graphDigest);
  });

  it("are refused where they are something else", () => {
    expect(() => readModel(Buffer.from("<!doctype html><title>Not found</title>"))).toThrow();
  });
});

describe("weights", () => {
  it("are turned, stacked, scaled, joined and repeated", () => {
    const a = weights([1, 2, 3, 4, 5, 6], 3, 2);
    expect(transposed(a)).toEqual(weights([1, 3, 5, 2, 4, 6], 2, 3));
    expect(transposed(a, weights([7, 8, 9], 3, 1, 1))).toEqual(weights([1, 3, 5, 2, 4, 6, 7, 8, 9], 3, 3));
    expect(scaled(weights([1, 2], 2, 1), 3)).toEqual(weights([3, 6], 2, 1));
    expect(joined(weights([1, 2], 2), weights([3], 1))).toEqual(weights([1, 2, 3], 3));
    expect(repeated(weights([1, 2], 2), 2)).toEqual(weights([1, 2, 1, 2], 4));
    expect(matrix(2, 2, (row, column) => 10 * row + column)).toEqual(weights([0, 1, 10, 11], 2, 2));
  });
});
