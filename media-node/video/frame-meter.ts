/** How a session's video fares: frames a second, frames given up, and how long each took through the node. */

export interface VideoReport {
  /** Sent to the client, since the last report. */
  readonly framesPerSecond: number;
  /** Of the client's, since the last report: given up because newer ones had come. */
  readonly dropped: number;
  /** From a frame's first packet to what answers it being handed to the network: the median since the last report. */
  readonly delayMs: number | null;
}

/** Frames on their way through the handler: far more than there can be in its time limit. */
const MAX_UNDERWAY = 256;

export class FrameMeter {
  /** When each frame came, by its timestamp. */
  readonly #arrivals = new Map<number, number>();
  #delaysMs: number[] = [];
  #sent = 0;
  #dropped = 0;
  #sinceMs: number;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  arrived(timestampUs: number, atMs: number): void {
    this.#arrivals.set(timestampUs, atMs);
    for (const [oldest] of this.#arrivals) {
      if (this.#arrivals.size <= MAX_UNDERWAY) break;
      this.#arrivals.delete(oldest);
    }
  }

  sent(timestampUs: number, nowMs: number): void {
    this.#sent++;
    const arrivedAtMs = this.#arrivals.get(timestampUs);
    if (arrivedAtMs === undefined) return;
    this.#arrivals.delete(timestampUs);
    this.#delaysMs.push(nowMs - arrivedAtMs);
  }

  dropped(): void {
    this.#dropped++;
  }

  /** @returns what has been since the last report, and begins the next; undefined where there was nothing. */
  report(nowMs: number): VideoReport | undefined {
    const elapsedMs = Math.max(1, nowMs - this.#sinceMs);
    const [sent, dropped, delays] = [this.#sent, this.#dropped, this.#delaysMs.sort((a, b) => a - b)];
    this.#sent = 0;
    this.#dropped = 0;
    this.#delaysMs = [];
    this.#sinceMs = nowMs;
    if (sent === 0 && dropped === 0) return undefined;
    const median = delays[delays.length >> 1];
    return {
      framesPerSecond: Math.round((sent * 10_000) / elapsedMs) / 10,
      dropped,
      delayMs: median === undefined ? null : Math.round(median * 10) / 10,
    };
  }
}
