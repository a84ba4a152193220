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

/** One above the other, what is left of each once it is a matrix with a column for each first index. */
export function transposed(...all: readonly Weights[]): Weights {
  const [columns = 0] = all[0]?.shape ?? [];
  const parts = all.map(({ values }) => {
    const rows = values.length / columns;
    return matrix(rows, columns, (row, column) => values[column * rows + row] ?? 0).values;
  });
  const values = Float32Array.from(parts.flatMap((part) => [...part]));
  return { shape: [values.length / columns, columns], values };
}

/** Of two of one shape. */
export function sum(a: Weights, b: Weights): Weights {
  return { shape: a.shape, values: a.values.map((value, index) => value + (b.values[index] ?? 0)) };
}

/** A vector, several times one behind the other. */
export function repeated({ values }: Weights, times: number): Weights {
  const length = times * values.length;
  return { shape: [length], values: Float32Array.from({ length }, (_, index) => values[index % values.length] ?? 0) };
}
