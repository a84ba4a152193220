/** Takes the weights out of an ONNX file, and tells by a digest what the file computes with them. Knows no more of ONNX. */
import { createHash, type Hash } from "node:crypto";
import { PbfReader } from "pbf";
import { DataType, Field } from "./format.ts";
import type { Weights } from "./matrix.ts";

export interface ModelParts {
  readonly weights: ReadonlyMap<string, Weights>;
  /** SHA-256, in hexadecimal, of the graph without its weights' values: of its operators, and of the weights' names and shapes. */
  readonly graphDigest: string;
}

interface TensorFields {
  name: string;
  dataType: number;
  readonly shape: number[];
  raw: Uint8Array;
}

/** @throws Error where the bytes are no protocol buffer. */
export function readModel(file: Uint8Array): ModelParts {
  const weights = new Map<string, Weights>();
  const digest = createHash("sha256");
  new PbfReader(file).readFields((field, _, model) => {
    if (field === Field.Model.graph) readGraph(model.readBytes(), weights, digest);
  }, undefined);
  return { weights, graphDigest: digest.digest("hex") };
}

function readGraph(bytes: Uint8Array, weights: Map<string, Weights>, digest: Hash): void {
  new PbfReader(bytes).readFields((field, _, graph) => {
    const { node, initializer, input, output } = Field.Graph;
    if (field !== node && field !== initializer && field !== input && field !== output) return;
    const part = graph.readBytes();
    const tensor = field === initializer ? readTensor(part) : undefined;
    // A number by itself belongs to what is computed, such as the exponent of a power.
    if (tensor === undefined || tensor.dataType !== DataType.float || tensor.shape.length === 0) {
      digest.update(part);
      return;
    }
    const { name, shape, raw } = tensor;
    digest.update(`${name}[${shape}]`);
    // A copy: the file's bytes need not lie where floats may.
    weights.set(name, { shape, values: new Float32Array(new Uint8Array(raw).buffer) });
  }, undefined);
}

function readTensor(bytes: Uint8Array): TensorFields {
  const tensor: TensorFields = { name: "", dataType: 0, shape: [], raw: new Uint8Array() };
  return new PbfReader(bytes).readFields((field, result, reader) => {
    if (field === Field.Tensor.dims) reader.readPackedVarint(result.shape);
    else if (field === Field.Tensor.dataType) result.dataType = reader.readVarint();
    else if (field === Field.Tensor.name) result.name = reader.readString();
    else if (field === Field.Tensor.rawData) result.raw = reader.readBytes();
  }, tensor);
}
