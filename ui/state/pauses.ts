/** How long to wait before something is asked for again: longer and longer, as it may be away for seconds or for hours. */

const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;
const GROWTH = 1.5;

/** @param asked how often it was asked for in vain. */
export function pauseMs(asked: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * GROWTH ** Math.max(0, asked - 1));
}
