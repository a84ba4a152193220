/** One call of the soak: talks without a pause, and measures every pause in what comes back. */
import { LoadClient } from "../../bench/lib/load-client.ts";
import type { OwnPauses } from "./own-pauses.ts";

const PACKET_MS = 20;
/** Nothing back for this long: the call is over, whatever the client believes. */
const DEAD_MS = 3_000;

export class Call {
  readonly #client = new LoadClient();
  readonly #packets: readonly Buffer[];
  readonly #pauses: OwnPauses;
  #timer: NodeJS.Timeout | undefined;
  #startMs = 0;
  #sent = 0;
  #lastMs: number | null = null;
  #worstGapMs = 0;
  /** Packets that came back. */
  packets = 0;

  constructor(packets: readonly Buffer[], pauses: OwnPauses) {
    this.#packets = packets;
    this.#pauses = pauses;
  }

  get clientId(): string {
    return this.#client.clientId;
  }

  /** @throws Error that says what was refused, or that it did not connect in time. */
  async connect(streamUrl: string, signal: AbortSignal): Promise<void> {
    this.#client.recording = true;
    await this.#client.connect(streamUrl, signal);
    this.#startMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), PACKET_MS);
  }

  /** The longest time without a packet since the first one, this process's own pauses taken off. */
  get worstGapMs(): number {
    this.#listen();
    const nowMs = performance.now();
    const sinceMs = this.#lastMs === null ? nowMs - this.#startMs : nowMs - this.#lastMs;
    return Math.max(this.#worstGapMs, sinceMs - this.#pauses.within(nowMs - sinceMs, nowMs));
  }

  get isDead(): boolean {
    this.#listen();
    const nowMs = performance.now();
    const lastMs = this.#lastMs ?? this.#startMs;
    return nowMs - lastMs - this.#pauses.within(lastMs, nowMs) > DEAD_MS;
  }

  /** Stops talking and measuring. */
  stop(): void {
    clearInterval(this.#timer);
    this.#listen();
  }

  async hangUp(): Promise<void> {
    this.stop();
    await this.#client.close();
  }

  #tick(): void {
    const due = Math.floor((performance.now() - this.#startMs) / PACKET_MS);
    for (; this.#sent < due; this.#sent += 1) {
      const payload = this.#packets[this.#sent % this.#packets.length];
      if (payload !== undefined) this.#client.send(payload);
    }
    this.#client.sentAtMs.length = 0;
    this.#listen();
  }

  #listen(): void {
    for (const { atMs } of this.#client.received.splice(0)) {
      this.packets += 1;
      if (this.#lastMs !== null) {
        const gapMs = atMs - this.#lastMs - this.#pauses.within(this.#lastMs, atMs);
        this.#worstGapMs = Math.max(this.#worstGapMs, gapMs);
      }
      this.#lastMs = atMs;
    }
  }
}
