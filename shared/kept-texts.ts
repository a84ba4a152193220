/** The last texts that were sent on a data channel, by number, for a connection that takes the place of the one they went out on. */
import { MAX_KEPT_TEXT_CHARS, MAX_KEPT_TEXTS } from "./limits.ts";

export class KeptTexts {
  #texts: string[] = [];
  #chars = 0;
  #count = 0;

  /** How many there have been. */
  get count(): number {
    return this.#count;
  }

  add(text: string): void {
    this.#count += 1;
    this.#chars += text.length;
    this.#texts.push(text);
    while (this.#texts.length > MAX_KEPT_TEXTS || this.#chars > MAX_KEPT_TEXT_CHARS)
      this.#chars -= this.#texts.shift()?.length ?? 0;
  }

  /** Those behind the first `received`, as far as they are still there. */
  after(received: number): readonly string[] {
    const missing = Math.max(0, this.#count - received);
    return missing === 0 ? [] : this.#texts.slice(-missing);
  }
}
