import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { type Graph, type GraphNode, onnxModel } from "../testing/onnx-graph.ts";
import { withIntegerProducts } from "./integer-products.ts";

const ROWS = 64;
const COLUMNS = 5;
const SCALE = 0.02;
const ZERO = 129;
const WEIGHTS = Uint8Array.from({ length: ROWS * COLUMNS }, (_, i) => (i * 97) % 256);
const FACTOR = Float32Array.from({ length: ROWS }, (_, i) => Math.sin(i));

const constants = {
  weights: { shape: [ROWS, COLUMNS], data: WEIGHTS },
  scale: { shape: [], data: Float32Array.of(SCALE) },
  zero: { shape: [], data: Uint8Array.of(ZERO) },
};
const factor = { name: "factor", type: "float32", shape: [1, ROWS] } as const;
const product = { name: "product", type: "float32", shape: [1, COLUMNS] } as const;
const widen: GraphNode = { op: "DequantizeLinear", inputs: ["weights", "scale", "zero"], output: "wide" };
const multiply: GraphNode = { op: "MatMul", inputs: ["factor", "wide"], output: "product" };
const branch = (nodes: readonly GraphNode[]): Graph => ({ inputs: [], outputs: [product], nodes });
const nothing: GraphNode = { op: "Identity", inputs: ["nothing"], output: "product" };

/** The product in the one branch of an `If`, as Moonshine's decoder has it; zeros in the other. */
const inBranches = onnxModel({
  inputs: [factor, { name: "multiply", type: "bool", shape: [1] }],
  outputs: [product],
  nodes: [
    {
      op: "If",
      inputs: ["multiply"],
      output: "product",
      branches: { then_branch: branch([widen, multiply]), else_branch: branch([nothing]) },
    },
  ],
  constants: { ...constants, nothing: { shape: [1, COLUMNS], data: new Float32Array(COLUMNS) } },
});

const exact = Float32Array.from({ length: COLUMNS }, (_, column) =>
  FACTOR.reduce((sum, value, row) => sum + value * SCALE * ((WEIGHTS[row * COLUMNS + column] ?? 0) - ZERO), 0),
);

async function run(file: Uint8Array, more: Readonly<Record<string, ort.Tensor>> = {}) {
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
  return await session.run({ factor: new ort.Tensor("float32", FACTOR, [1, ROWS]), ...more });
}

describe("withIntegerProducts", () => {
  it("multiplies by weights of 8 bits as they are, in a branch, too, with the same result but for the rounding of the other factor", async () => {
    const file = withIntegerProducts(inBranches);
    expect(Buffer.from(file).includes("DequantizeLinear")).toBe(false);
    for (const chosen of [1, 0]) {
      const { product: result } = await run(file, { multiply: new ort.Tensor("bool", Uint8Array.of(chosen), [1]) });
      expect(result?.dims).toEqual([1, COLUMNS]);
      for (const [column, value] of Array.from(exact, (sum) => chosen * sum).entries()) {
        expect(Math.abs(Number(result?.data[column]) - value)).toBeLessThan(0.1);
      }
    }
  });

  it("leaves widened weights that something else needs as well", async () => {
    const wide = { name: "weighed", type: "float32", shape: [ROWS, COLUMNS] } as const;
    const file = withIntegerProducts(
      onnxModel({
        inputs: [factor],
        outputs: [product, wide],
        nodes: [widen, multiply, { op: "Identity", inputs: ["wide"], output: "weighed" }],
        constants,
      }),
    );
    expect(Buffer.from(file).includes("MatMulInteger")).toBe(true);
    const { weighed } = await run(file);
    expect(weighed?.data[1]).toBeCloseTo(SCALE * (97 - ZERO));
  });

  it("leaves a file without such products as it is", () => {
    const weights = { shape: [ROWS, COLUMNS], data: new Float32Array(ROWS * COLUMNS) };
    const other: Graph = {
      inputs: [factor],
      outputs: [product],
      nodes: [{ ...multiply, inputs: ["factor", "weights"] }],
      constants: { weights },
    };
    expect(Buffer.from(withIntegerProducts(onnxModel(other))).equals(onnxModel(other))).toBe(true);
  });
});
