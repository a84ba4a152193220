/** Writes small ONNX files: stand-ins with the inputs and outputs of a model whose weights are not at hand. */

const TYPES = { float32: 1, int64: 7, bool: 9 } as const;
type TensorType = keyof typeof TYPES;

export interface GraphValue {
  readonly name: string;
  readonly type: TensorType;
  /** A string is a length that varies. */
  readonly shape: readonly (number | string)[];
}

export interface GraphNode {
  readonly op: "Identity" | "Gather";
  readonly inputs: readonly string[];
  readonly output: string;
}

export interface Graph {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  /** Float32. */
  readonly constants?: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;
}

/** A model of one graph, as bytes of an ONNX file: field numbers are those of onnx.proto. */
export function onnxModel({ inputs, outputs, nodes, constants = {} }: Graph): Uint8Array {
  const graph = [
    ...nodes.map(({ op, inputs: names, output }) =>
      message(1, [...names.map((name) => text(1, name)), text(2, output), text(3, output), text(4, op)]),
    ),
    text(2, "graph"),
    ...Object.entries(constants).map(([name, { shape, data }]) =>
      message(5, [
        ...shape.map((length) => number(1, length)),
        number(2, TYPES.float32),
        text(8, name),
        bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      ]),
    ),
    ...inputs.map((value) => message(11, valueInfo(value))),
    ...outputs.map((value) => message(12, valueInfo(value))),
  ];
  return Buffer.concat([number(1, 8), message(7, graph), message(8, [text(1, ""), number(2, 17)])]);
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
