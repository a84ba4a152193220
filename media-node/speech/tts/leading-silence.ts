/** Cuts the silence off that Flite begins every sentence with, a fifth of a second: it is a wait that nobody asked for. */

const WINDOW_MS = 10;
/** Louder than this is speech: −50 dB. Flite's silence has about −62. */
const AUDIBLE_RMS = 104;
/** Kept before that, so that no soft consonant is cut. */
const MARGIN_MS = 40;

/** A view of the samples from shortly before their first sound on. Nothing but silence stays as it is. */
export function withoutLeadingSilence(samples: Int16Array, sampleRate: number): Int16Array {
  const window = (sampleRate * WINDOW_MS) / 1_000;
  for (let from = 0; from + window <= samples.length; from += window) {
    if (rms(samples.subarray(from, from + window)) < AUDIBLE_RMS) continue;
    return samples.subarray(Math.max(0, from - (sampleRate * MARGIN_MS) / 1_000));
  }
  return samples;
}

function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
