/**
 * Sessions that the ledger knew lately, per isolate: a session's own object is not made for an id that anybody thought of,
 * and an input costs no look-up in the ledger.
 */

/** A session is looked up again after this long. */
export const KNOWN_SESSION_MS = 60_000;
/** Sessions remembered. Past it the oldest is looked up again. */
export const MAX_KNOWN_SESSIONS = 2_000;

export class KnownSessions {
  /** Until when, by stream and client id; oldest first. */
  readonly #untilMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  has(stream: string, clientId: string): boolean {
    return (this.#untilMs.get(keyOf(stream, clientId)) ?? 0) > this.#nowMs();
  }

  add(stream: string, clientId: string): void {
    const key = keyOf(stream, clientId);
    this.#untilMs.delete(key);
    this.#untilMs.set(key, this.#nowMs() + KNOWN_SESSION_MS);
    if (this.#untilMs.size <= MAX_KNOWN_SESSIONS) return;
    const [oldest] = this.#untilMs.keys();
    if (oldest !== undefined) this.#untilMs.delete(oldest);
  }
}

/** No stream's name has a slash. */
const keyOf = (stream: string, clientId: string): string => `${stream}/${clientId}`;
