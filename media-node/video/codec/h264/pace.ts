/** How fast pictures come, for an encoder that spreads its bits over them and knows nothing of time. */

/** A pause is not saved up for; two pictures of one moment are taken for two of the usual distance. */
const MAX_INTERVAL_US = 250_000;
const MIN_INTERVAL_US = 1_000;
/** Of each new interval: a second's worth of frames decides. */
const GAIN = 1 / 16;

/** @param usualUs between two pictures, before any came */
export function averageInterval(usualUs: number): { readonly us: number; next(timestampUs: number): number } {
  let averageUs = usualUs;
  let lastUs: number | undefined;
  return {
    get us() {
      return averageUs;
    },
    /** @returns microseconds that have passed since the last picture, never none. */
    next: (timestampUs) => {
      const sinceUs = lastUs === undefined ? usualUs : timestampUs - lastUs;
      lastUs = timestampUs;
      const betweenUs = Math.min(Math.max(sinceUs <= 0 ? usualUs : sinceUs, MIN_INTERVAL_US), MAX_INTERVAL_US);
      averageUs += (betweenUs - averageUs) * GAIN;
      return betweenUs;
    },
  };
}
