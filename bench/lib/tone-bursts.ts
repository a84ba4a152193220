/**
 * Short tones in the speech that is sent, found again in what comes back: the delay between them is what a caller hears.
 * Both are looked for in decoded PCM, so that the codec's own delay cancels out.
 */
import { SAMPLE_RATE } from "./clips.ts";

/** One a second, a different pitch each, ten seconds round. */
const PITCHES_HZ = [700, 1_100, 1_500, 1_900, 2_300, 2_700, 3_100, 900, 1_300, 1_700];
const BURST_SAMPLES = 0.06 * SAMPLE_RATE;
const BURST_PEAK = 16_000;
/** Nothing else sounds this long before and after a burst. */
const QUIET_SAMPLES = 0.04 * SAMPLE_RATE;
const FIRST_AT = 0.4 * SAMPLE_RATE;
/** Every second sample is enough for pitches below 4 kHz. */
const STRIDE = 2;
const COARSE_STEP = 96;
const FINE_STEP = 4;
/** Match of a window with a pure tone, at best about 0.19; speech stays below. */
const MIN_MATCH = 0.08;
/** A match that another this much later does not replace. */
const SURE_MATCH = 0.15;
const SURE_SAMPLES = 0.1 * SAMPLE_RATE;
/** Mean square below which a window holds nothing. */
const MIN_POWER = 1_000;

/** A copy of ten seconds of speech at half its level, with the bursts in it. */
export function addBursts(speech: Int16Array): Int16Array {
  const out = speech.map((sample) => sample / 2);
  for (const [second, hertz] of PITCHES_HZ.entries()) {
    const at = second * SAMPLE_RATE + FIRST_AT;
    out.fill(0, at - QUIET_SAMPLES, at + BURST_SAMPLES + QUIET_SAMPLES);
    for (let i = 0; i < BURST_SAMPLES; i++) {
      out[at + i] = BURST_PEAK * 0.5 * hann(i) * Math.sin((2 * Math.PI * hertz * i) / SAMPLE_RATE);
    }
  }
  return out;
}

/** Knows the sound of one of the ten bursts. */
export class BurstFinder {
  readonly #cosine: Float64Array;
  readonly #sine: Float64Array;

  constructor(hertz: number) {
    const table = (wave: (angle: number) => number) =>
      Float64Array.from({ length: BURST_SAMPLES / STRIDE }, (_, i) => {
        const n = i * STRIDE;
        return 0.5 * hann(n) * wave((2 * Math.PI * hertz * n) / SAMPLE_RATE);
      });
    this.#cosine = table(Math.cos);
    this.#sine = table(Math.sin);
  }

  /** One for each burst, in the order of their seconds. */
  static all(): BurstFinder[] {
    return PITCHES_HZ.map((hertz) => new BurstFinder(hertz));
  }

  /** Where the burst begins in `pcm`, at or after sample `from` and before `to`; undefined where it is not. */
  find(pcm: Int16Array, from: number, to: number): number | undefined {
    let best = { at: from, match: 0 };
    for (let at = Math.max(0, from); at < to; at += COARSE_STEP) {
      const match = this.#match(pcm, at);
      if (match > best.match) best = { at, match };
      if (best.match > SURE_MATCH && at - best.at > SURE_SAMPLES) break;
    }
    if (best.match < MIN_MATCH) return undefined;
    const middle = best.at;
    for (let at = Math.max(0, middle - COARSE_STEP); at <= middle + COARSE_STEP; at += FINE_STEP) {
      const match = this.#match(pcm, at);
      if (match > best.match) best = { at, match };
    }
    return best.at;
  }

  #match(pcm: Int16Array, at: number): number {
    let real = 0;
    let imaginary = 0;
    let energy = 0;
    for (let i = 0; i < this.#cosine.length; i++) {
      const sample = pcm[at + i * STRIDE] ?? 0;
      real += sample * (this.#cosine[i] ?? 0);
      imaginary += sample * (this.#sine[i] ?? 0);
      energy += sample * sample;
    }
    if (energy < BURST_SAMPLES * MIN_POWER) return 0;
    return (real * real + imaginary * imaginary) / energy / BURST_SAMPLES;
  }
}

/** Where burst number `second` may begin in the clip itself, by ear of a codec that delays it by up to 50 ms. */
export function burstRange(second: number): readonly [from: number, to: number] {
  const at = second * SAMPLE_RATE + FIRST_AT;
  return [at - 0.02 * SAMPLE_RATE, at + 0.05 * SAMPLE_RATE];
}

function hann(i: number): number {
  return 1 - Math.cos((2 * Math.PI * i) / BURST_SAMPLES);
}
