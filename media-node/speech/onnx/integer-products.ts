/**
 * Has products with weights of 8 bits done in 8 bits. Quantisers leave some as products of floats whose weights are widened first: of a
 * speech decoder the last and largest one, and ONNX Runtime widens it anew for every word it writes.
 */
import { PbfReader, PbfWriter } from "pbf";
import { DataType, Field } from "./format.ts";
import { type Node, nodeBytes } from "./model-writer.ts";

/** A field of a message. */
interface Part {
  readonly field: number;
  /** Tag, length and all. */
  readonly raw: Uint8Array;
  /** Of strings and messages. */
  readonly content: Uint8Array | undefined;
}

interface NodeFields {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly type: string;
  readonly hasAttributes: boolean;
}

/**
 * @param file an ONNX file.
 * @returns the same, where a product's second factor was made by `DequantizeLinear`, as `DynamicQuantizeLinear` and `MatMulInteger`:
 *   what quantisers make of the other products. In the branches of an `If` as well.
 */
export function withIntegerProducts(file: Uint8Array): Uint8Array {
  return rewritten(file, ({ field, content }) =>
    field === Field.Model.graph && content !== undefined ? [bytesField(field, graphWithIntegers(content))] : undefined,
  );
}

function graphWithIntegers(graph: Uint8Array): Uint8Array {
  const parts = [...partsOf(graph)];
  const nodes = parts.flatMap(({ field, content }) =>
    field === Field.Graph.node && content !== undefined ? [readNode(content)] : [],
  );
  const widened = new Map(nodes.filter(isWidening).map((node) => [node.outputs[0] ?? "", node]));
  const widenedFactor = ({ type, inputs }: NodeFields) =>
    type === "MatMul" ? widened.get(inputs[1] ?? "") : undefined;
  const stillUsed = new Set(nodes.filter((node) => widenedFactor(node) === undefined).flatMap(({ inputs }) => inputs));
  return rewritten(graph, ({ field, content }) => {
    if (field !== Field.Graph.node || content === undefined) return undefined;
    const node = readNode(content);
    const [output = ""] = node.outputs;
    if (widened.has(output) && !stillUsed.has(output)) return [];
    const weights = widenedFactor(node);
    if (weights !== undefined) return integerProduct(node, weights).map((one) => bytesField(field, nodeBytes(one)));
    return node.hasAttributes ? [bytesField(field, rewritten(content, attributeWithIntegers))] : undefined;
  });
}

/** An attribute of an `If` may be a graph. */
function attributeWithIntegers({ field, content }: Part): readonly Uint8Array[] | undefined {
  if (field !== Field.Node.attribute || content === undefined) return undefined;
  const attribute = rewritten(content, (part) =>
    part.field === Field.Attribute.graph && part.content !== undefined
      ? [bytesField(part.field, graphWithIntegers(part.content))]
      : undefined,
  );
  return [bytesField(field, attribute)];
}

/** Whose weights have one scale in all, and a zero: an axis would be an attribute. */
function isWidening({ type, inputs, hasAttributes }: NodeFields): boolean {
  return type === "DequantizeLinear" && inputs.length === 3 && !hasAttributes;
}

function integerProduct({ inputs: [factor = ""], outputs }: NodeFields, { inputs }: NodeFields): readonly Node[] {
  const [weights = "", weightScale = "", weightZero = ""] = inputs;
  const [output = ""] = outputs;
  const name = (part: string) => `${output}/${part}`;
  const [narrow, scale, zero] = [name("narrow"), name("scale"), name("zero")];
  const op = (type: string, from: readonly string[], to: readonly string[], attributes = {}): Node => ({
    type,
    inputs: from,
    outputs: to,
    attributes,
  });
  return [
    op("DynamicQuantizeLinear", [factor], [narrow, scale, zero]),
    op("MatMulInteger", [narrow, weights, zero, weightZero], [name("sums")]),
    op("Cast", [name("sums")], [name("floats")], { to: DataType.float }),
    op("Mul", [scale, weightScale], [name("unit")]),
    op("Mul", [name("floats"), name("unit")], [output]),
  ];
}

function readNode(bytes: Uint8Array): NodeFields {
  const text = (field: number) =>
    parts.flatMap((part) =>
      part.field === field && part.content !== undefined ? [Buffer.from(part.content).toString("utf8")] : [],
    );
  const parts = [...partsOf(bytes)];
  const { input, output, opType, attribute } = Field.Node;
  return {
    inputs: text(input),
    outputs: text(output),
    type: text(opType)[0] ?? "",
    hasAttributes: parts.some(({ field }) => field === attribute),
  };
}

/** @param replace what a field becomes; undefined leaves it as it is. */
function rewritten(message: Uint8Array, replace: (part: Part) => readonly Uint8Array[] | undefined): Uint8Array {
  return Buffer.concat([...partsOf(message)].flatMap((part) => replace(part) ?? [part.raw]));
}

function* partsOf(message: Uint8Array): Generator<Part> {
  const reader = new PbfReader(message);
  while (reader.pos < reader.length) {
    const from = reader.pos;
    const tag = reader.readVarint();
    const content = (tag & 7) === LENGTH_DELIMITED ? reader.readBytes() : undefined;
    if (content === undefined) reader.skip(tag);
    yield { field: tag >> 3, raw: message.subarray(from, reader.pos), content };
  }
}

/** The kind of field that strings and messages are. */
const LENGTH_DELIMITED = 2;

function bytesField(field: number, content: Uint8Array): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeBytesField(field, content);
  return pbf.finish();
}
