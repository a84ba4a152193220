/**
 * How far both sides have heard each other, over however many connections: texts that were lost for good count as heard, since the
 * numbers would never agree again without.
 */
import type { KeptTexts } from "../../shared/kept-texts.ts";

/** Texts that were sent before the application's: the greeting. */
const GREETINGS = 1;

export class Account {
  readonly #received: () => number;
  readonly #sent: KeptTexts;
  #lostIn = 0;
  #lostOut = 0;

  /** @param received texts that have come so far. @param sent the application's. */
  constructor(received: () => number, sent: KeptTexts) {
    this.#received = received;
    this.#sent = sent;
  }

  /** The number of the node's last text that has come. */
  get heard(): number {
    return this.#received() + this.#lostIn;
  }

  /** @param received texts that the node has had of us. @returns those that it lacks, as far as they are still there. */
  missing(received: number): readonly string[] {
    const heard = received - GREETINGS + this.#lostOut;
    const missing = this.#sent.after(heard);
    this.#lostOut += this.#sent.count - heard - missing.length;
    return missing;
  }

  /** @param sent the number of the node's last text that it does not say again. @returns how many of the next have come before. */
  repeated(sent: number): number {
    const repeated = this.heard - sent;
    if (repeated < 0) this.#lostIn -= repeated;
    return Math.max(0, repeated);
  }
}
