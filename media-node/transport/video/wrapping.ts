/** Sequence numbers and timestamps that wrap, as numbers that do not. */

export class Unwrapper {
  readonly #cycle: number;
  #last: number | undefined;

  /** @param bits 16 for sequence numbers, 32 for timestamps */
  constructor(bits: 16 | 32) {
    this.#cycle = 2 ** bits;
  }

  /** The number with this remainder that is nearest to the highest one so far. The first ones may be negative later on. */
  unwrap(value: number): number {
    const last = this.#last ?? value;
    const distance = (((value - last) % this.#cycle) + this.#cycle) % this.#cycle;
    const unwrapped = last + (distance >= this.#cycle / 2 ? distance - this.#cycle : distance);
    if (this.#last === undefined || unwrapped > this.#last) this.#last = unwrapped;
    return unwrapped;
  }
}
