/** Cuts the silence off that Kokoro begins and ends every sentence with: up to half a second of each. */

/** Quieter than this beside the loudest moment is silence: −60 dB. */
const SILENCE_RATIO = 0.001;
const WINDOW_SAMPLES = 512;
/** Kept on both sides, so that no consonant is cut. */
const MARGIN_SAMPLES = 1_024;

/** A view of the samples without the silence at their ends. Nothing but silence stays as it is. */
export function trimSilence(samples: Float32Array): Float32Array {
  const windows = Math.ceil(samples.length / WINDOW_SAMPLES);
  const levels = Array.from({ length: windows }, (_, i) => level(samples, i * WINDOW_SAMPLES));
  const loudest = levels.reduce((most, one) => Math.max(most, one), 0);
  const heard = (one: number) => one > loudest * SILENCE_RATIO;
  const first = levels.findIndex(heard);
  if (first < 0) return samples;
  const last = levels.findLastIndex(heard);
  return samples.subarray(
    Math.max(0, first * WINDOW_SAMPLES - MARGIN_SAMPLES),
    Math.min(samples.length, (last + 1) * WINDOW_SAMPLES + MARGIN_SAMPLES),
  );
}

/** Root mean square of one window. */
function level(samples: Float32Array, from: number): number {
  const window = samples.subarray(from, from + WINDOW_SAMPLES);
  return Math.sqrt(window.reduce((sum, sample) => sum + sample * sample, 0) / window.length);
}
