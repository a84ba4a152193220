/** Writes an ONNX file, operator by operator. Checks nothing: ONNX Runtime does, when it loads the file. */
import { PbfWriter } from "pbf";
import { AttributeType, DataType, Field } from "./format.ts";
import type { Weights } from "./matrix.ts";

/** ONNX 1.16: the versions of the file's format and of the operators' meaning. */
const IR_VERSION = 10;
const OPSET_VERSION = 18;

/** The name of a value in the graph: an input, a constant, or what an operator gives. */
export type Value = string;
export type Attributes = Readonly<Record<string, number | string>>;

export interface Node {
  readonly type: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

interface Tensor {
  readonly name: Value;
  readonly dataType: number;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A side of the model. A dimension with a name instead of a size is free. */
interface Side {
  readonly name: Value;
  readonly shape: readonly (number | string)[];
  readonly dataType: number;
}

export class ModelWriter {
  readonly #nodes: Node[] = [];
  readonly #constants: Tensor[] = [];
  readonly #inputs: Side[] = [];
  readonly #outputs: Side[] = [];
  #named = 0;

  /** @param type of its numbers: floats by default. */
  input(name: Value, shape: Side["shape"], type: keyof typeof DataType = "float"): Value {
    this.#inputs.push({ name, shape, dataType: DataType[type] });
    return name;
  }

  /** Of floats. */
  output(name: Value, shape: Side["shape"], value: Value): void {
    this.#outputs.push({ name, shape, dataType: DataType.float });
    this.ops("Identity", [value], [name]);
  }

  floats({ shape, values }: Weights): Value {
    return this.#constant(DataType.float, shape, values);
  }

  /** Sizes, positions or axes. */
  integers(...values: readonly number[]): Value {
    return this.#constant(DataType.int64, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** Adds an operator of one result. */
  op(type: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const output = this.#name();
    this.ops(type, inputs, [output], attributes);
    return output;
  }

  /** Adds an operator whose results are named here. */
  ops(type: string, inputs: readonly Value[], outputs: readonly Value[], attributes: Attributes = {}): void {
    this.#nodes.push({ type, inputs, outputs, attributes });
  }

  /** A part along the second axis: from one index up to another. */
  slice(value: Value, from: number, to: number): Value {
    return this.op("Slice", [value, this.integers(from), this.integers(to), this.integers(1)]);
  }

  /** Cuts along an axis into equal parts, one for each name. */
  split(value: Value, axis: number, names: readonly Value[]): void {
    this.ops("Split", [value], names, { axis, num_outputs: names.length });
  }

  /** The file. */
  finish(): Uint8Array {
    const pbf = new PbfWriter();
    pbf.writeVarintField(Field.Model.irVersion, IR_VERSION);
    pbf.writeStringField(Field.Model.producer, "edgertc");
    pbf.writeMessage(
      Field.Model.opset,
      (version, opset) => opset.writeVarintField(Field.Opset.version, version),
      OPSET_VERSION,
    );
    pbf.writeMessage(Field.Model.graph, (_, graph) => this.#writeGraph(graph), undefined);
    return pbf.finish();
  }

  #constant(dataType: number, shape: readonly number[], values: Float32Array | BigInt64Array): Value {
    const name = this.#name();
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#constants.push({ name, dataType, shape, bytes });
    return name;
  }

  #name(): Value {
    return `v${this.#named++}`;
  }

  #writeGraph(graph: PbfWriter): void {
    const { Graph } = Field;
    for (const node of this.#nodes) graph.writeMessage(Graph.node, writeNode, node);
    graph.writeStringField(Graph.name, "graph");
    for (const constant of this.#constants) graph.writeMessage(Graph.initializer, writeTensor, constant);
    for (const input of this.#inputs) graph.writeMessage(Graph.input, writeSide, input);
    for (const output of this.#outputs) graph.writeMessage(Graph.output, writeSide, output);
  }
}

/** A node by itself, as the content of a graph's field. */
export function nodeBytes(node: Node): Uint8Array {
  const pbf = new PbfWriter();
  writeNode(node, pbf);
  return pbf.finish();
}

function writeNode({ type, inputs, outputs, attributes }: Node, pbf: PbfWriter): void {
  const { Node } = Field;
  for (const input of inputs) pbf.writeStringField(Node.input, input);
  for (const output of outputs) pbf.writeStringField(Node.output, output);
  pbf.writeStringField(Node.opType, type);
  for (const attribute of Object.entries(attributes)) pbf.writeMessage(Node.attribute, writeAttribute, attribute);
}

function writeAttribute([name, value]: readonly [string, number | string], pbf: PbfWriter): void {
  const { Attribute } = Field;
  pbf.writeStringField(Attribute.name, name);
  if (typeof value === "number") pbf.writeVarintField(Attribute.int, value);
  else pbf.writeStringField(Attribute.string, value);
  pbf.writeVarintField(Attribute.type, typeof value === "number" ? AttributeType.int : AttributeType.string);
}

function writeTensor({ name, dataType, shape, bytes }: Tensor, pbf: PbfWriter): void {
  const { Tensor } = Field;
  for (const size of shape) pbf.writeVarintField(Tensor.dims, size);
  pbf.writeVarintField(Tensor.dataType, dataType);
  pbf.writeStringField(Tensor.name, name);
  pbf.writeBytesField(Tensor.rawData, bytes);
}

function writeSide(side: Side, pbf: PbfWriter): void {
  pbf.writeStringField(Field.ValueInfo.name, side.name);
  pbf.writeMessage(
    Field.ValueInfo.type,
    (_, type) => type.writeMessage(Field.Type.tensor, writeTensorType, side),
    undefined,
  );
}

function writeTensorType({ dataType, shape }: Side, pbf: PbfWriter): void {
  pbf.writeVarintField(Field.TensorType.elementType, dataType);
  pbf.writeMessage(Field.TensorType.shape, writeShape, shape);
}

function writeShape(shape: Side["shape"], pbf: PbfWriter): void {
  for (const size of shape) pbf.writeMessage(Field.Shape.dimension, writeDimension, size);
}

function writeDimension(size: number | string, pbf: PbfWriter): void {
  if (typeof size === "number") pbf.writeVarintField(Field.Dimension.size, size);
  else pbf.writeStringField(Field.Dimension.symbol, size);
}
