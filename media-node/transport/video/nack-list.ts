/** Which packets are missing, and when to ask for which again (RFC 4585 §6.2.1). It holds no timer: its owner asks what is due. */

/** Packets overtake one another on their way: a gap is asked for after this long. */
const REORDER_TOLERANCE_MS = 10;
/** Asked again after a round trip and a quarter; the first guess, and its bounds. */
const FIRST_ROUND_TRIP_MS = 80;
const MIN_RETRY_MS = 30;
const MAX_RETRY_MS = 250;
/** A key frame may be sooner: it is asked for as well. */
const LATE_MS = 250;
/** Then it will not come. */
const MAX_REQUESTS = 10;
const MAX_AGE_MS = 1_000;
/** More at once is an outage, and what was sent in it is old: a key frame is smaller. At 1.5 Mbit/s these are 0.7 s. */
const MAX_MISSING = 120;
const RETRY_ROUND_TRIPS = 1.25;
const ROUND_TRIP_GAIN = 1 / 4;

interface Missing {
  readonly sinceMs: number;
  dueMs: number;
  requests: number;
  requestedMs: number;
}

export class NackList {
  readonly #missing = new Map<number, Missing>();
  #highest: number | undefined;
  #roundTripMs = FIRST_ROUND_TRIP_MS;

  /** Whether anything is missing. */
  get waiting(): boolean {
    return this.#missing.size > 0;
  }

  /** Notes that a packet came. @returns false where too many are missing to be asked for: none is any more. */
  received(sequence: number, nowMs: number): boolean {
    const missing = this.#missing.get(sequence);
    if (missing !== undefined) {
      this.#missing.delete(sequence);
      // After a second request it cannot be told which one was answered.
      if (missing.requests === 1) {
        this.#roundTripMs += (nowMs - missing.requestedMs - this.#roundTripMs) * ROUND_TRIP_GAIN;
      }
    }
    const highest = this.#highest;
    if (highest !== undefined && sequence <= highest) return true;
    this.#highest = sequence;
    if (highest === undefined) return true;
    if (sequence - highest - 1 + this.#missing.size > MAX_MISSING) {
      this.#missing.clear();
      return false;
    }
    for (let lost = highest + 1; lost < sequence; lost++) {
      this.#missing.set(lost, { sinceMs: nowMs, dueMs: nowMs + REORDER_TOLERANCE_MS, requests: 0, requestedMs: 0 });
    }
    return true;
  }

  /**
   * What to ask for now, in order; counted as asked for.
   * @returns `late`: something is missing for long. `lost`: it will not come any more, and nothing is missed from now on.
   */
  due(nowMs: number): { readonly requests: readonly number[]; readonly state: "fine" | "late" | "lost" } {
    const requests: number[] = [];
    let late = false;
    const retryMs = Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, RETRY_ROUND_TRIPS * this.#roundTripMs));
    for (const [sequence, missing] of this.#missing) {
      if (nowMs - missing.sinceMs >= LATE_MS) late = true;
      if (nowMs < missing.dueMs) continue;
      if (missing.requests >= MAX_REQUESTS || nowMs - missing.sinceMs >= MAX_AGE_MS) {
        this.#missing.clear();
        return { requests: [], state: "lost" };
      }
      missing.requests += 1;
      missing.requestedMs = nowMs;
      missing.dueMs = nowMs + retryMs;
      requests.push(sequence);
    }
    return { requests: requests.sort((a, b) => a - b), state: late ? "late" : "fine" };
  }

  /** What is older is not needed any more. */
  forgetBefore(sequence: number): void {
    for (const missing of this.#missing.keys()) if (missing < sequence) this.#missing.delete(missing);
  }

  reset(): void {
    this.#missing.clear();
    this.#highest = undefined;
  }
}
