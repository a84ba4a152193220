/**
 * How much video the line from the client takes, by how long packets are under way: where a queue builds up, less is asked for,
 * before it overflows. It holds no timer: its owner asks every so often.
 */

/**
 * A queue is what even the fastest packet of an interval waits for, beyond the fastest ever. That one is forgotten bit by bit:
 * clocks drift (0.1 ms a second at most), and a client may get a longer way.
 */
const FORGET_MS_PER_SECOND = 2;
/** More than encoders under load and radio networks add by themselves. */
const QUEUE_MS = 120;
const NO_QUEUE_MS = 50;
/** In a row: one may be a browser that stood still. */
const QUEUED_INTERVALS = 2;
/** Of what comes through: the rest empties the queue. A long one is not to last. */
const DECREASE = 0.85;
const LONG_QUEUE_MS = 400;
const LONG_QUEUE_DECREASE = 0.5;
const INCREASE = 1.05;
const INCREASE_BITS = 10_000;
/** A camera before a wall sends little, which says nothing of the line: no raise beyond this times what comes. */
const MAX_BEYOND_INCOMING = 1.5;
/** Below that there is no picture worth having. */
const MIN_BITS_PER_SECOND = 150_000;

export class IncomingBandwidth {
  readonly #maxBitsPerSecond: number;
  #bitsPerSecond: number;
  /** Of the fastest packet. The clocks of the two sides have nothing to do with one another. */
  #shortestMs = Number.POSITIVE_INFINITY;
  #transitMs = Number.POSITIVE_INFINITY;
  #bytes = 0;
  #sinceMs: number | undefined;
  #queued = 0;

  constructor(maxBitsPerSecond: number) {
    this.#maxBitsPerSecond = maxBitsPerSecond;
    this.#bitsPerSecond = maxBitsPerSecond;
  }

  /** Counts a packet. @param takenAtMs in the sender's clock; undefined where it was sent again */
  received(bytes: number, takenAtMs: number | undefined, nowMs: number): void {
    this.#sinceMs ??= nowMs;
    this.#bytes += bytes;
    if (takenAtMs !== undefined) this.#transitMs = Math.min(this.#transitMs, nowMs - takenAtMs);
  }

  /** What to ask for from now on, in bits per second. To be called a few times a second. */
  next(nowMs: number): number {
    const tookMs = nowMs - (this.#sinceMs ?? nowMs);
    if (tookMs <= 0 || this.#transitMs === Number.POSITIVE_INFINITY) return this.#bitsPerSecond;
    const incoming = (this.#bytes * 8_000) / tookMs;
    this.#shortestMs = Math.min(this.#transitMs, this.#shortestMs + (FORGET_MS_PER_SECOND * tookMs) / 1_000);
    const queueMs = this.#transitMs - this.#shortestMs;
    this.#queued = queueMs > QUEUE_MS ? this.#queued + 1 : 0;
    if (this.#queued >= QUEUED_INTERVALS) {
      const share = queueMs > LONG_QUEUE_MS ? LONG_QUEUE_DECREASE : DECREASE;
      this.#bitsPerSecond = Math.max(MIN_BITS_PER_SECOND, Math.min(this.#bitsPerSecond, incoming * share));
    } else if (queueMs < NO_QUEUE_MS) this.#raise(incoming);
    this.#sinceMs = nowMs;
    this.#bytes = 0;
    this.#transitMs = Number.POSITIVE_INFINITY;
    return this.#bitsPerSecond;
  }

  #raise(incoming: number): void {
    const raised = this.#bitsPerSecond * INCREASE + INCREASE_BITS;
    const supported = Math.max(this.#bitsPerSecond, incoming * MAX_BEYOND_INCOMING);
    this.#bitsPerSecond = Math.min(this.#maxBitsPerSecond, raised, supported);
  }
}
