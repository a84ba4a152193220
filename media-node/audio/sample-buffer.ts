/** Samples that come piece by piece and are wanted as one: grows in steps, so that appending copies little. */

const FIRST_CAPACITY = 16_384;
/** Memory beyond so many samples (5 s at 48 kHz) is given back once it holds less than an eighth of that. What is usual is kept: it is wanted again. */
const KEPT_CAPACITY = 262_144;
const ROOMY = 8;

export class SampleBuffer {
  #memory = new Int16Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All samples, without a copy: good until the next {@link append} or {@link clear}. */
  get view(): Int16Array {
    return this.#memory.subarray(0, this.#length);
  }

  append(samples: Int16Array): void {
    const length = this.#length + samples.length;
    if (length > this.#memory.length) {
      const larger = new Int16Array(Math.max(FIRST_CAPACITY, length, 2 * this.#memory.length));
      larger.set(this.view);
      this.#memory = larger;
    }
    this.#memory.set(samples, this.#length);
    this.#length = length;
  }

  /** Drops all but the newest samples. */
  keepLast(count: number): void {
    if (count >= this.#length) return;
    const kept = this.#memory.subarray(this.#length - count, this.#length);
    if (this.#memory.length > KEPT_CAPACITY && count * ROOMY < this.#memory.length) {
      this.#memory = new Int16Array(Math.max(FIRST_CAPACITY, 2 * count));
    }
    this.#memory.set(kept);
    this.#length = count;
  }

  clear(): void {
    this.keepLast(0);
  }
}
