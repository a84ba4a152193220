/** Prepares a turn's audio for Moonshine: finds out whether there is anything to hear, and cuts what is too long. */

/** Moonshine is at its best below this. */
export const MAX_SEGMENT_SECONDS = 30;
/** A cut is made at the quietest moment of the last so many seconds before it. */
const CUT_SEARCH_SECONDS = 5;
const QUIET_WINDOW_SECONDS = 0.1;

/** Shorter than any word. */
const MIN_SECONDS = 0.1;
/** −60 dB: below the noise of any microphone that is on. */
const SILENT_PEAK = 0.001;

/** The pieces to transcribe, in order; none where there is nothing to hear. Views, not copies. */
export function segments(samples: Float32Array, sampleRate: number): Float32Array[] {
  if (samples.length < MIN_SECONDS * sampleRate || isSilent(samples)) return [];
  const pieces: Float32Array[] = [];
  let rest = samples;
  while (rest.length > MAX_SEGMENT_SECONDS * sampleRate) {
    const to = MAX_SEGMENT_SECONDS * sampleRate;
    const cut = quietest(rest, to - CUT_SEARCH_SECONDS * sampleRate, to, sampleRate);
    pieces.push(rest.subarray(0, cut));
    rest = rest.subarray(cut);
  }
  pieces.push(rest);
  return pieces.filter((piece) => piece.length >= MIN_SECONDS * sampleRate && !isSilent(piece));
}

function isSilent(samples: Float32Array): boolean {
  for (const sample of samples) if (Math.abs(sample) >= SILENT_PEAK) return false;
  return true;
}

/** Where speech is best cut between two positions: in the middle of the tenth of a second with the least energy. */
export function quietest(samples: Float32Array, from: number, to: number, sampleRate: number): number {
  const window = Math.round(QUIET_WINDOW_SECONDS * sampleRate);
  let best = { energy: Number.POSITIVE_INFINITY, at: to };
  for (let start = from; start + window <= to; start += window) {
    let energy = 0;
    for (let i = start; i < start + window; i++) energy += (samples[i] ?? 0) ** 2;
    if (energy < best.energy) best = { energy, at: start + (window >> 1) };
  }
  return best.at;
}
