/** Percentiles, defined as in the measurements of FastRTC that ours are compared with: no interpolation. */

export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** The value below which `percent` % of `sorted` lie; NaN where there is none. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const index = Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length));
  return sorted[index] ?? Number.NaN;
}

/** Of no values every figure is NaN. */
export function summarize(values: readonly number[]): Summary {
  const sorted = Float64Array.from(values).sort();
  const at = (percent: number) => percentile(sorted, percent);
  return { count: sorted.length, min: at(0), p50: at(50), p95: at(95), p99: at(99), max: at(100) };
}
