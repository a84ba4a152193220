/** A streaming sample rate converter: a polyphase FIR filter between any two rates with a rational ratio. */

/**
 * Half the filter's length, in samples of the lower of the two rates. With {@link STOPBAND_DB} it sets the transition
 * band: flat up to 0.35 of the lower rate (5.6 kHz at 16 kHz), everything gone from half of it on.
 */
const HALF_LENGTH = 11;
/** For telephones' rate and below: flat up to 3.4 kHz at 8 kHz, what lines carry, for a delay of 3 ms. */
const TELEPHONE_HALF_LENGTH = 24;
const TELEPHONE_RATE = 8_000;
/** Attenuation the Kaiser window is designed for. */
const STOPBAND_DB = 56;

/**
 * Converts a stream of mono Int16 samples from one rate to another; state is kept over calls, so there are no seams.
 *
 * The output is `round(input · toRate / fromRate)` samples so far, exactly one 20 ms frame for each 20 ms frame, and lags
 * by `latencyMs`: 11 samples of the lower rate, 0.7 ms at 16 kHz; 24 at telephones' 8 kHz. One resampler serves one stream.
 */
export class Resampler {
  readonly fromRate: number;
  readonly toRate: number;
  /** Delay of the output, in samples of `toRate`. */
  readonly latencySamples: number;
  /** Delay of the output, in milliseconds. */
  readonly latencyMs: number;
  /** Output samples per `#down` input samples, in lowest terms. */
  readonly #up: number;
  readonly #down: number;
  /** Taps of one phase, and the phases one after another, each reversed so that it runs along the input. */
  readonly #taps: number;
  readonly #phases: Float64Array;
  /** The last `#taps − 1` inputs followed by the current chunk. */
  #window: Float64Array;
  /** The filter's output for the current chunk. */
  #sums = new Float64Array(0);
  /** Position of the next output, in units of 1/up input samples after the start of the chunk. */
  #position = 0;

  /**
   * @param fromRate samples per second in. @param toRate samples per second out. Both positive integers.
   * @throws RangeError for any other number.
   */
  constructor(fromRate: number, toRate: number) {
    for (const rate of [fromRate, toRate]) {
      if (!Number.isInteger(rate) || rate <= 0)
        throw new RangeError(`A sample rate is a positive integer, not ${rate}.`);
    }
    this.fromRate = fromRate;
    this.toRate = toRate;
    const divisor = gcd(fromRate, toRate);
    this.#up = toRate / divisor;
    this.#down = fromRate / divisor;
    // The delay is a whole number of output samples, so that whole recordings can be aligned exactly.
    const longer = Math.max(this.#up, this.#down);
    const halfLength = Math.min(fromRate, toRate) > TELEPHONE_RATE ? HALF_LENGTH : TELEPHONE_HALF_LENGTH;
    this.latencySamples = fromRate === toRate ? 0 : Math.round((halfLength * longer) / this.#down);
    this.latencyMs = (this.latencySamples / toRate) * 1_000;
    const half = this.latencySamples * this.#down;
    this.#taps = Math.floor((2 * half) / this.#up) + 1;
    this.#phases = polyphase(this.#up, longer, half, this.#taps, halfLength);
    this.#window = new Float64Array(this.#taps - 1);
  }

  /** Takes the next samples, any number of them, and returns what has become ready. */
  process(samples: Int16Array): Int16Array {
    if (this.#up === this.#down) return samples.slice();
    const sums = this.#filter(samples);
    const out = new Int16Array(sums.length);
    for (let i = 0; i < out.length; i++) {
      out[i] = Math.max(-32_768, Math.min(32_767, Math.round(sums[i] as number)));
    }
    return out;
  }

  /** As {@link process}, in −1…1 and not rounded to 16 bits again: some models hear the difference in quiet rooms. */
  processToFloat(samples: Int16Array): Float32Array<ArrayBuffer> {
    return Float32Array.from(this.#up === this.#down ? samples : this.#filter(samples), (sum) => sum / 32_768);
  }

  /** What has become ready; good until the next call. */
  #filter(samples: Int16Array): Float64Array {
    const history = this.#taps - 1;
    const needed = history + samples.length;
    if (this.#window.length < needed) {
      const larger = new Float64Array(needed);
      larger.set(this.#window.subarray(0, history));
      this.#window = larger;
    }
    const window = this.#window;
    window.set(samples, history);

    const up = this.#up;
    const end = samples.length * up;
    const length = Math.max(0, Math.ceil((end - this.#position) / this.#down));
    if (this.#sums.length < length) this.#sums = new Float64Array(length);
    const sums = this.#sums;
    const whole = Math.floor(this.#down / up);
    const rest = this.#down % up;
    let start = Math.floor(this.#position / up);
    let phase = this.#position % up;
    for (let i = 0; i < length; i++) {
      sums[i] = dot(window, start, this.#phases, phase * this.#taps, this.#taps);
      start += whole;
      phase += rest;
      if (phase >= up) {
        phase -= up;
        start++;
      }
    }
    this.#position = start * up + phase - end;
    window.copyWithin(0, samples.length, needed);
    return sums.subarray(0, length);
  }

  /** Returns the samples that still lag behind the input, and starts afresh. */
  flush(): Int16Array {
    // Round up to whole inputs, then keep only as many outputs as the delay has held back.
    const zeros = new Int16Array(Math.ceil((this.latencySamples * this.#down) / this.#up));
    const out = this.process(zeros).slice(0, this.latencySamples);
    this.#window.fill(0);
    this.#position = 0;
    return out;
  }
}

/** Converts a whole recording: without delay, `ceil(length · toRate / fromRate)` samples long. */
export function resample(samples: Int16Array, fromRate: number, toRate: number): Int16Array {
  const resampler = new Resampler(fromRate, toRate);
  const body = resampler.process(samples);
  const tail = resampler.flush();
  const out = new Int16Array(body.length);
  const skipped = resampler.latencySamples;
  out.set(body.subarray(skipped));
  out.set(tail.subarray(Math.max(0, skipped - body.length)), Math.max(0, body.length - skipped));
  return out;
}

/** As {@link resample}, in −1…1 and not rounded to 16 bits again. */
export function resampleToFloat(samples: Int16Array, fromRate: number, toRate: number): Float32Array<ArrayBuffer> {
  const resampler = new Resampler(fromRate, toRate);
  const delay = resampler.latencySamples;
  // Zeros behind push out what lags.
  const padded = new Int16Array(samples.length + Math.ceil((delay * fromRate) / toRate));
  padded.set(samples);
  return resampler.processToFloat(padded).slice(delay, delay + Math.ceil((samples.length * toRate) / fromRate));
}

/**
 * The inner loop: four sums, because one would wait for itself at each step, and doubles, because V8 computes in them.
 * The casts say that the indices are in range: a check of each costs a third of the time.
 */
function dot(samples: Float64Array, start: number, taps: Float64Array, first: number, count: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < count; i += 4) {
    a += (samples[start + i] as number) * (taps[first + i] as number);
    b += (samples[start + i + 1] as number) * (taps[first + i + 1] as number);
    c += (samples[start + i + 2] as number) * (taps[first + i + 2] as number);
    d += (samples[start + i + 3] as number) * (taps[first + i + 3] as number);
  }
  for (; i < count; i++) a += (samples[start + i] as number) * (taps[first + i] as number);
  return a + b + (c + d);
}

/** A Kaiser-windowed low-pass at `up` times the input rate, `2·half + 1` long, cut into `up` phases of unit gain. */
function polyphase(up: number, longer: number, half: number, taps: number, halfLength: number): Float64Array {
  const beta = 0.1102 * (STOPBAND_DB - 8.7);
  // Half the transition band below the lower rate's Nyquist frequency, so that the stop band begins at it.
  const transition = (STOPBAND_DB - 7.95) / (14.36 * 2 * halfLength);
  const cutoff = (0.5 - transition / 2) / longer;
  const phases = new Float64Array(up * taps);
  const peak = bessel(beta);
  for (let phase = 0; phase < up; phase++) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      // The newest input of this phase is the window's last: its taps run backwards through the filter.
      const n = phase + (taps - 1 - tap) * up - half;
      if (n > half) continue;
      const x = 2 * cutoff * n;
      const sinc = n === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      const value = sinc * (bessel(beta * Math.sqrt(1 - (n / half) ** 2)) / peak);
      phases[phase * taps + tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < taps; tap++) {
      phases[phase * taps + tap] = (phases[phase * taps + tap] ?? 0) / sum;
    }
  }
  return phases;
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-9; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
