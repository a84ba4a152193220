/** The discrete Fourier transform of one length that is a product of small factors, such as 400 = 4 · 4 · 5 · 5. */

/** One step of the transform: the sums over `radix` values each, `stride` times side by side. */
interface Stage {
  readonly radix: number;
  readonly stride: number;
  /** Transforms of this step that are left after it, per stride. */
  readonly groups: number;
  /** For each group, output and input of the step: the complex factor, real and imaginary part in turns. */
  readonly factors: Float64Array;
}

export class Fourier {
  readonly #stages: readonly Stage[];
  #from: Float64Array;
  #to: Float64Array;

  /** @param radices their product is the length; small ones make it fast. */
  constructor(radices: readonly number[]) {
    const length = radices.reduce((product, radix) => product * radix, 1);
    this.#from = new Float64Array(2 * length);
    this.#to = new Float64Array(2 * length);
    let stride = 1;
    this.#stages = radices.map((radix) => {
      const stage = makeStage(length, radix, stride);
      stride *= radix;
      return stage;
    });
  }

  /** The transform's input: complex numbers, real and imaginary part in turns. To be filled anew before each transform. */
  get input(): Float64Array {
    return this.#from;
  }

  /** Transforms {@link input}. The result is of the same form, and good until the next transform. */
  transform(): Float64Array {
    for (const { radix, stride, groups, factors } of this.#stages) {
      const from = this.#from;
      const to = this.#to;
      const step = 2 * stride * groups;
      let factor = 0;
      for (let group = 0; group < groups; group++) {
        for (let out = 0; out < radix; out++) {
          const target = 2 * stride * (radix * group + out);
          for (let q = 0; q < 2 * stride; q += 2) {
            let re = 0;
            let im = 0;
            let at = q + 2 * stride * group;
            for (let k = 0; k < radix; k++) {
              const c = factors[factor + 2 * k] ?? 0;
              const s = factors[factor + 2 * k + 1] ?? 0;
              const x = from[at] ?? 0;
              const y = from[at + 1] ?? 0;
              re += c * x - s * y;
              im += c * y + s * x;
              at += step;
            }
            to[target + q] = re;
            to[target + q + 1] = im;
          }
          factor += 2 * radix;
        }
      }
      this.#from = to;
      this.#to = from;
    }
    // What was written last is the result; the next input goes where it does not lie.
    const result = this.#from;
    this.#from = this.#to;
    this.#to = result;
    return result;
  }
}

function makeStage(length: number, radix: number, stride: number): Stage {
  const groups = length / stride / radix;
  const factors = new Float64Array(2 * groups * radix * radix);
  let at = 0;
  for (let group = 0; group < groups; group++) {
    for (let out = 0; out < radix; out++) {
      for (let k = 0; k < radix; k++) {
        const turns = (stride * group * out + (length / radix) * out * k) / length;
        factors[at++] = Math.cos(2 * Math.PI * turns);
        factors[at++] = -Math.sin(2 * Math.PI * turns);
      }
    }
  }
  return { radix, stride, groups, factors };
}
