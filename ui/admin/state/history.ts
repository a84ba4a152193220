/** How many sessions ran lately, as seen by this page: for the lines beside the numbers. */
import type { Overview } from "../../../shared/admin.ts";

/** Samples kept: six minutes at one every three seconds. Past it the oldest go. */
export const MAX_SAMPLES = 120;

/** Active sessions over time, oldest first, of all streams together and of each. */
export interface History {
  readonly total: readonly number[];
  readonly streams: ReadonlyMap<string, readonly number[]>;
}

export const NO_HISTORY: History = { total: [], streams: new Map() };

export function extend(history: History, { streams }: Overview): History {
  const total = streams.reduce((sum, { active }) => sum + active, 0);
  return {
    total: push(history.total, total),
    // A stream that is gone is forgotten.
    streams: new Map(streams.map(({ name, active }) => [name, push(history.streams.get(name) ?? [], active)])),
  };
}

function push(samples: readonly number[], sample: number): readonly number[] {
  return [...samples, sample].slice(-MAX_SAMPLES);
}

/**
 * The points of a line in a box one unit high and `MAX_SAMPLES - 1` units wide, the newest at the right edge.
 * @param top the value at the upper edge; the line never leaves the box.
 */
export function pointsOf(samples: readonly number[], top: number): string {
  const from = MAX_SAMPLES - samples.length;
  return samples.map((value, index) => `${from + index},${1 - Math.min(1, value / Math.max(1, top))}`).join(" ");
}
