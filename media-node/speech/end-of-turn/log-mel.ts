/**
 * What Whisper, and with it the end-of-turn model, hears of audio: the loudness in 80 bands, a hundred times a second, over
 * the last 8 s. The formulas are those of `WhisperFeatureExtractor` with `chunk_length=8` and `do_normalize=True`.
 */
import { Fourier } from "./fourier.ts";

export const MEL_SAMPLE_RATE = 16_000;
/** Samples that are looked at: 8 s. */
export const MEL_SAMPLES = 8 * MEL_SAMPLE_RATE;
export const MEL_BANDS = 80;
const HOP = 160;
export const MEL_FRAMES = MEL_SAMPLES / HOP;
const WINDOW = 400;
const BINS = WINDOW / 2 + 1;
const POWER_FLOOR = 1e-10;
/** What lies more than 80 dB below the loudest is as good as nothing. In powers of ten. */
const DYNAMIC_RANGE = 8;
const VARIANCE_FLOOR = 1e-7;

/** One band: its share of each bin from `first` on. */
interface Band {
  readonly first: number;
  readonly shares: Float64Array;
}

export class LogMel {
  readonly #fourier = new Fourier([4, 4, 5, 5]);
  readonly #hann = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
  readonly #bands = melBands();
  /** The audio as it is transformed: half a window mirrored at each end. */
  readonly #padded = new Float64Array(MEL_SAMPLES + WINDOW);
  readonly #power = new Float64Array(2 * BINS);

  /**
   * The features of the last 8 s of `samples` (16 kHz); what is missing of the 8 s is silence before it.
   * @returns {@link MEL_BANDS} rows of {@link MEL_FRAMES} values, mostly between −1 and 2.
   */
  compute(samples: Int16Array): Float32Array<ArrayBuffer> {
    this.#fill(samples);
    const out = new Float32Array(MEL_BANDS * MEL_FRAMES);
    let loudest = Number.NEGATIVE_INFINITY;
    // Two frames of real numbers fit into one transform of complex ones.
    for (let frame = 0; frame < MEL_FRAMES; frame += 2) {
      this.#transform(frame);
      for (const [band, { first, shares }] of this.#bands.entries()) {
        for (let which = 0; which < 2; which++) {
          let sum = 0;
          for (let i = 0; i < shares.length; i++)
            sum += (shares[i] ?? 0) * (this.#power[which * BINS + first + i] ?? 0);
          const level = Math.log10(Math.max(POWER_FLOOR, sum));
          loudest = Math.max(loudest, level);
          out[band * MEL_FRAMES + frame + which] = level;
        }
      }
    }
    const floor = loudest - DYNAMIC_RANGE;
    for (let i = 0; i < out.length; i++) out[i] = (Math.max(floor, out[i] ?? 0) + 4) / 4;
    return out;
  }

  /** Brings the audio to a mean of 0 and a variance of 1 over the 8 s. */
  #fill(samples: Int16Array): void {
    const last = samples.subarray(Math.max(0, samples.length - MEL_SAMPLES));
    let sum = 0;
    let squares = 0;
    for (const sample of last) {
      sum += sample / 32_768;
      squares += (sample / 32_768) ** 2;
    }
    const mean = sum / MEL_SAMPLES;
    const scale = 1 / Math.sqrt(Math.max(0, squares / MEL_SAMPLES - mean * mean) + VARIANCE_FLOOR);
    const half = WINDOW / 2;
    const begin = half + MEL_SAMPLES - last.length;
    this.#padded.fill(-mean * scale, half, begin);
    for (let i = 0; i < last.length; i++) this.#padded[begin + i] = ((last[i] ?? 0) / 32_768 - mean) * scale;
    const end = half + MEL_SAMPLES - 1;
    for (let i = 1; i <= half; i++) {
      this.#padded[half - i] = this.#padded[half + i] ?? 0;
      this.#padded[end + i] = this.#padded[end - i] ?? 0;
    }
  }

  /** The power in each bin of a frame and of the next one. */
  #transform(frame: number): void {
    const { input } = this.#fourier;
    const at = frame * HOP;
    for (let i = 0; i < WINDOW; i++) {
      const weight = this.#hann[i] ?? 0;
      input[2 * i] = weight * (this.#padded[at + i] ?? 0);
      input[2 * i + 1] = weight * (this.#padded[at + HOP + i] ?? 0);
    }
    const spectrum = this.#fourier.transform();
    for (let bin = 0; bin < BINS; bin++) {
      const mirror = (WINDOW - bin) % WINDOW;
      const [a = 0, b = 0] = [spectrum[2 * bin], spectrum[2 * bin + 1]];
      const [c = 0, d = 0] = [spectrum[2 * mirror], spectrum[2 * mirror + 1]];
      this.#power[bin] = ((a + c) ** 2 + (b - d) ** 2) / 4;
      this.#power[BINS + bin] = ((a - c) ** 2 + (b + d) ** 2) / 4;
    }
  }
}

/** Triangles that overlap by half, evenly spaced on Slaney's mel scale, each of the same area. */
function melBands(): readonly Band[] {
  const top = toMel(MEL_SAMPLE_RATE / 2);
  const edges = Array.from({ length: MEL_BANDS + 2 }, (_, i) => toHertz((top * i) / (MEL_BANDS + 1)));
  return Array.from({ length: MEL_BANDS }, (_, band) => {
    const [low = 0, middle = 0, high = 0] = edges.slice(band, band + 3);
    const shares = Array.from({ length: BINS }, (_, bin) => {
      const hertz = (bin * MEL_SAMPLE_RATE) / WINDOW;
      const rise = (hertz - low) / (middle - low);
      const fall = (high - hertz) / (high - middle);
      return (Math.max(0, Math.min(rise, fall)) * 2) / (high - low);
    });
    const first = shares.findIndex((share) => share > 0);
    if (first < 0) return { first: 0, shares: new Float64Array(0) };
    const end = shares.findLastIndex((share) => share > 0) + 1;
    return { first, shares: Float64Array.from(shares.slice(first, end)) };
  });
}

/** The scale is linear up to 1 kHz, which is 15 mel, and logarithmic above. */
const KNEE_HERTZ = 1_000;
const KNEE_MEL = 15;
const LOG_STEP = Math.log(6.4) / 27;

function toMel(hertz: number): number {
  return hertz < KNEE_HERTZ ? (3 * hertz) / 200 : KNEE_MEL + Math.log(hertz / KNEE_HERTZ) / LOG_STEP;
}

function toHertz(mel: number): number {
  return mel < KNEE_MEL ? (200 * mel) / 3 : KNEE_HERTZ * Math.exp(LOG_STEP * (mel - KNEE_MEL));
}
