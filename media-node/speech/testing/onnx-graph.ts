/** Writes small ONNX files: stand-ins with the inputs and outputs of a model whose weights are not at hand. */

const TYPES = { float32: 1, uint8: 2, int64: 7, bool: 9 } as const;
type TensorType = keyof typeof TYPES;
const GRAPH_ATTRIBUTE = 5;

export interface GraphValue {
  readonly name: string;
  readonly type: TensorType;
  /** A string is a length that varies. */
  readonly shape: readonly (number | string)[];
}

export interface GraphNode {
  readonly op: "Identity" | "Gather" | "MatMul" | "DequantizeLinear" | "If";
  readonly inputs: readonly string[];
  readonly output: string;
  /** Of an `If`, by their names. */
  readonly branches?: Readonly<Record<"then_branch" | "else_branch", Graph>>;
}

export interface Graph {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  readonly constants?: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array | Uint8Array<ArrayBuffer> }>
  >;
}

/** A model of one graph, as bytes of an ONNX file: field numbers are those of onnx.proto. */
export function onnxModel(graph: Graph): Uint8Array {
  return Buffer.concat([number(1, 8), message(7, graphParts(graph)), message(8, [text(1, ""), number(2, 17)])]);
}

function graphParts({ inputs, outputs, nodes, constants = {} }: Graph): Buffer[] {
  return [
    ...nodes.map(({ op, inputs: names, output, branches = {} }) =>
      message(1, [
        ...names.map((name) => text(1, name)),
        text(2, output),
        text(3, output),
        text(4, op),
        ...Object.entries(branches).map(([name, branch]) =>
          message(5, [text(1, name), message(6, graphParts(branch)), number(20, GRAPH_ATTRIBUTE)]),
        ),
      ]),
    ),
    text(2, "graph"),
    ...Object.entries(constants).map(([name, { shape, data }]) =>
      message(5, [
        ...shape.map((length) => number(1, length)),
        number(2, data instanceof Float32Array ? TYPES.float32 : TYPES.uint8),
        text(8, name),
        bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      ]),
    ),
    ...inputs.map((value) => message(11, valueInfo(value))),
    ...outputs.map((value) => message(12, valueInfo(value))),
  ];
}

function valueInfo({ name, type, shape }: GraphValue): Buffer[] {
  const dims = shape.map((length) => message(1, [typeof length === "number" ? number(1, length) : text(2, length)]));
  return [text(1, name), message(2, [message(1, [number(1, TYPES[type]), message(2, dims)])])];
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Buffer.from([...out, rest]);
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytes(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

function message(field: number, parts: readonly Buffer[]): Buffer {
  return bytes(field, Buffer.concat(parts));
}
