/** Sends every client's packets at their real pace, the clients spread evenly over the 20 ms, and notes how late. */
import type { LoadClient } from "./load-client.ts";

export const PACKET_MS = 20;

/** A client and what it says, over and over. */
export interface Speaker {
  readonly client: LoadClient;
  /** Opus packets of 20 ms. */
  readonly packets: readonly Buffer[];
  /** The packet it begins with. */
  readonly offset: number;
}

/** Number in `packets` of the speaker's nth packet. */
export function packetIndex({ packets, offset }: Pick<Speaker, "packets" | "offset">, sent: number): number {
  return (sent + offset) % packets.length;
}

export class Pacer {
  readonly #speakers: readonly Speaker[];
  readonly #startMs = performance.now() + 2 * PACKET_MS;
  #lateMs: number[] = [];
  #timer: NodeJS.Timeout;

  /** Starts at once; the owner calls {@link stop}. */
  constructor(speakers: readonly Speaker[]) {
    this.#speakers = speakers;
    this.#timer = setTimeout(() => this.#tick(), 1);
  }

  /** How late each packet was sent since {@link forgetLateness}: over a few milliseconds the client is too slow. */
  get lateMs(): readonly number[] {
    return this.#lateMs;
  }

  forgetLateness(): void {
    this.#lateMs = [];
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const [i, speaker] of this.#speakers.entries()) {
      const phaseMs = (i * PACKET_MS) / this.#speakers.length;
      for (;;) {
        const sent = speaker.client.sentAtMs.length;
        const dueMs = this.#startMs + phaseMs + sent * PACKET_MS;
        const payload = speaker.packets[packetIndex(speaker, sent)];
        if (dueMs > nowMs || payload === undefined) break;
        this.#lateMs.push(nowMs - dueMs);
        speaker.client.send(payload);
      }
    }
    this.#timer = setTimeout(() => this.#tick(), 1);
  }
}
