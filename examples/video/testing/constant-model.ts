/** For tests: an ONNX model with one picture as input, whose output is always the same numbers. */

const VARINT = 0;
const BYTES = 2;
const FLOAT = 1;

type Field = readonly [number: number, value: number | string | Uint8Array];

/** Protocol Buffers, as far as that goes. */
function message(...fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === "number") return Buffer.concat([varint(number * 8 + VARINT), varint(value)]);
      const bytes = Buffer.from(value);
      return Buffer.concat([varint(number * 8 + BYTES), varint(bytes.length), bytes]);
    }),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) return Buffer.from(bytes);
  }
}

function tensorType(name: string, dims: readonly number[]): Uint8Array {
  const shape = message(...dims.map((dim): Field => [1, message([1, dim])]));
  return message([1, name], [2, message([1, message([1, FLOAT], [2, shape])])]);
}

/** @param rows of `rowLength` numbers each. */
export function constantModel(side: number, rows: Float32Array, rowLength: number): Uint8Array {
  const dims = [1, rows.length / rowLength, rowLength];
  const values = message(
    ...dims.map((dim): Field => [1, dim]),
    [2, FLOAT],
    [8, "rows"],
    [9, new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)],
  );
  const node = message([1, "rows"], [2, "output"], [4, "Identity"]);
  const graph = message(
    [1, node],
    [2, "constant"],
    [5, values],
    [11, tensorType("images", [1, 3, side, side])],
    [12, tensorType("output", dims)],
  );
  return message([1, 8], [7, graph], [8, message([1, ""], [2, 13])]);
}
