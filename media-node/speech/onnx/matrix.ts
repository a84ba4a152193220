/** Weights, and the forms that products of matrices want them in. */

/** Numbers in row-major order. */
export interface Weights {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** @param at the number in a row and a column. */
export function matrix(rows: number, columns: number, at: (row: number, column: number) => number): Weights {
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values[row * columns + column] = at(row, column);
  }
  return { shape: [rows, columns], values };
}

/** Each as a matrix with a column for each of its first indices; one above the other. */
export function transposed(...all: readonly Weights[]): Weights {
  const [columns = 0] = all[0]?.shape ?? [];
  const stacked = new Float32Array(all.reduce((length, { values }) => length + values.length, 0));
  let at = 0;
  for (const { values } of all) {
    const rows = values.length / columns;
    stacked.set(matrix(rows, columns, (row, column) => values[column * rows + row] ?? 0).values, at);
    at += values.length;
  }
  return { shape: [stacked.length / columns, columns], values: stacked };
}

/** Each number so many times as large. */
export function scaled({ shape, values }: Weights, factor: number): Weights {
  return { shape, values: values.map((value) => value * factor) };
}

/** Vectors, one behind the other. */
export function joined(...all: readonly Weights[]): Weights {
  const values = Float32Array.from(all.flatMap((vector) => [...vector.values]));
  return { shape: [values.length], values };
}

/** A vector, several times one behind the other. */
export function repeated({ values }: Weights, times: number): Weights {
  const length = times * values.length;
  return { shape: [length], values: Float32Array.from({ length }, (_, index) => values[index % values.length] ?? 0) };
}
