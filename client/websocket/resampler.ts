/**
 * Changes the sample rate of a stream of speech, piece by piece: a windowed sinc, so that nothing folds back into the voice.
 * Browsers can do this by themselves, except that not all of them take a microphone into a context of another rate.
 */

/** Zero crossings of the sinc on each side: the longer, the steeper. 16 keep speech at 24 kHz up to 10 kHz. */
const CROSSINGS = 16;
/** Of the lower rate's half: the rest is the filter's slope. */
const PASSBAND = 0.92;

export class Resampler {
  /** An output is `#down` phases after the one before it; an input sample has `#up` of them. */
  readonly #up: number;
  readonly #down: number;
  /** Input samples on each side of an output that have a part in it. */
  readonly #reach: number;
  /** For each phase, the weights of those. */
  readonly #weights: readonly Float32Array[];
  /** Input that is still needed. */
  #kept: Float32Array;
  /** Where the next output is: at this sample of `#kept`, and this phase after it. */
  #index: number;
  #phase = 0;

  /** @param from and `to`: samples per second, whole numbers. */
  constructor(from: number, to: number) {
    const divisor = greatestCommonDivisor(from, to);
    this.#up = to / divisor;
    this.#down = from / divisor;
    const cutoff = (PASSBAND * Math.min(1, to / from)) / 2;
    this.#reach = from === to ? 0 : Math.ceil(CROSSINGS / (2 * cutoff));
    this.#weights = Array.from({ length: this.#reach === 0 ? 0 : this.#up }, (_, phase) =>
      Float32Array.from({ length: 2 * this.#reach }, (__, i) =>
        weight(i - this.#reach + 1 - phase / this.#up, cutoff, this.#reach),
      ),
    );
    this.#kept = new Float32Array(this.#reach);
    this.#index = this.#reach;
  }

  /** @returns as much as the input so far allows; it lags behind by less than 2 ms. */
  process(samples: Float32Array): Float32Array<ArrayBuffer> {
    if (this.#reach === 0) return new Float32Array(samples);
    const input = new Float32Array(this.#kept.length + samples.length);
    input.set(this.#kept);
    input.set(samples, this.#kept.length);
    const room = (input.length - this.#reach - this.#index) * this.#up - this.#phase;
    const out = new Float32Array(Math.max(0, Math.ceil(room / this.#down)));
    for (let i = 0; i < out.length; i++) {
      out[i] = this.#next(input);
      this.#phase += this.#down;
      this.#index += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    const first = Math.min(input.length, this.#index - this.#reach);
    this.#kept = input.slice(first);
    this.#index -= first;
    return out;
  }

  #next(input: Float32Array): number {
    const weights = this.#weights[this.#phase] ?? [];
    const first = this.#index - this.#reach + 1;
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += (input[first + i] ?? 0) * (weights[i] ?? 0);
    return sum;
  }
}

/** A sinc under a Hann window, `distance` samples from its middle. @param cutoff of the input's rate. */
function weight(distance: number, cutoff: number, reach: number): number {
  if (Math.abs(distance) >= reach) return 0;
  const angle = 2 * Math.PI * cutoff * distance;
  const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
  return 2 * cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * distance) / reach));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
