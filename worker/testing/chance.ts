/** Chance that repeats: the same numbers for the same seed. */

/** @returns numbers in [0, 1), by a linear congruential generator. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
