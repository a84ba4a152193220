/**
 * How much video the line to the client takes: what the client says of queues on it (REMB), and what its reports say of losses,
 * as in Google's congestion control (draft-ietf-rmcat-gcc-02 §6).
 */

import { DEFAULT_MAX_VIDEO_BITS_PER_SECOND, MIN_VIDEO_BITS_PER_SECOND } from "../../video/bit-rates.ts";

const HIGH_LOSS = 0.1;
const LOW_LOSS = 0.02;
const INCREASE = 1.08;
const INCREASE_BITS = 1_000;
/** Reports in between are of the same moment. */
const MIN_STEP_MS = 300;
/** An encoder need not be told of less. */
const WORTH_TELLING = 0.03;

export class OutgoingBandwidth {
  readonly #maxBitsPerSecond: number;
  #byLoss: number;
  #byClient = Number.POSITIVE_INFINITY;
  #told: number;
  #steppedAtMs = Number.NEGATIVE_INFINITY;

  /** @param maxBitsPerSecond where it is more than what is sent at first, it is approached bit by bit */
  constructor(maxBitsPerSecond: number) {
    this.#maxBitsPerSecond = maxBitsPerSecond;
    this.#told = Math.min(DEFAULT_MAX_VIDEO_BITS_PER_SECOND, maxBitsPerSecond);
    this.#byLoss = this.#told;
  }

  /** What is sent now. */
  get bitsPerSecond(): number {
    return this.#told;
  }

  /** The client's own estimate. @returns the new rate in bits per second; undefined where it stays about the same. */
  estimated(bitsPerSecond: number): number | undefined {
    this.#byClient = bitsPerSecond;
    return this.#tell();
  }

  /** @param lost share of the packets since the last report, 0 to 1. @returns as {@link estimated}. */
  reported(lost: number, nowMs: number): number | undefined {
    if (nowMs - this.#steppedAtMs < MIN_STEP_MS) return undefined;
    this.#steppedAtMs = nowMs;
    if (lost > HIGH_LOSS) this.#byLoss = Math.max(MIN_VIDEO_BITS_PER_SECOND, this.#told * (1 - lost / 2));
    else if (lost < LOW_LOSS) this.#byLoss = Math.min(this.#maxBitsPerSecond, this.#byLoss * INCREASE + INCREASE_BITS);
    return this.#tell();
  }

  #tell(): number | undefined {
    const rate = Math.max(MIN_VIDEO_BITS_PER_SECOND, Math.min(this.#maxBitsPerSecond, this.#byLoss, this.#byClient));
    const isLimit = rate === this.#maxBitsPerSecond || rate === MIN_VIDEO_BITS_PER_SECOND;
    if (rate === this.#told || (!isLimit && Math.abs(rate / this.#told - 1) < WORTH_TELLING)) return undefined;
    this.#told = rate;
    return rate;
  }
}
