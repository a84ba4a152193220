/** What a receiver of RTP tells its sender of what arrives (RFC 3550 §6.4.2, A.3, A.8): browsers take round-trip time and loss from it. */
import { RtcpReceiverInfo } from "werift";
import type { Clock } from "../time/clock.ts";

const SEQUENCE_NUMBERS = 0x10000;
const JITTER_GAIN = 1 / 16;

export class Reception {
  readonly #clock: Clock;
  readonly #clockPerMs: number;
  #sender: number | undefined;
  /** Sequence numbers with their wraps counted in. */
  #first = 0;
  #highest = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #transit: number | undefined;
  #jitter = 0;
  #heard: { readonly middle: number; readonly atMs: number } | undefined;

  /** @param clockPerMs units of the packets' timestamps */
  constructor(clock: Clock, clockPerMs: number) {
    this.#clock = clock;
    this.#clockPerMs = clockPerMs;
  }

  /** Of the sender now. */
  get received(): number {
    return this.#received;
  }

  /** Counts a packet; one of another sender starts over. */
  count(sender: number, sequenceNumber: number, timestamp: number): void {
    const half = SEQUENCE_NUMBERS / 2;
    let extended = this.#highest - (this.#highest % SEQUENCE_NUMBERS) + sequenceNumber;
    if (extended - this.#highest > half && extended >= SEQUENCE_NUMBERS) extended -= SEQUENCE_NUMBERS;
    else if (this.#highest - extended > half) extended += SEQUENCE_NUMBERS;
    if (sender !== this.#sender) {
      this.#sender = sender;
      this.#first = this.#highest = extended = sequenceNumber;
      this.#received = this.#expectedBefore = this.#receivedBefore = this.#jitter = 0;
      this.#transit = this.#heard = undefined;
    }
    if (extended > this.#highest) this.#highest = extended;
    this.#received += 1;
    const transit = (this.#clock.nowMs() * this.#clockPerMs - timestamp) | 0;
    if (this.#transit !== undefined) {
      const difference = Math.abs((transit - this.#transit) | 0);
      this.#jitter += (difference - this.#jitter) * JITTER_GAIN;
    }
    this.#transit = transit;
  }

  /** Notes a sender report of the other side, which our next report refers to. `ntpTimestamp` has 64 bits. */
  heardReport(sender: number, ntpTimestamp: bigint): void {
    if (sender !== this.#sender) return;
    const middle = Number((ntpTimestamp >> 16n) & 0xffffffffn);
    this.#heard = { middle, atMs: this.#clock.nowMs() };
  }

  /** On what came since the last report; undefined where nothing ever did. */
  report(): RtcpReceiverInfo | undefined {
    if (this.#sender === undefined) return undefined;
    const expected = this.#highest - this.#first + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const heard = this.#heard;
    return new RtcpReceiverInfo({
      ssrc: this.#sender,
      fractionLost: lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow / expectedNow) * 256)),
      packetsLost: Math.max(0, Math.min(0x7fffff, expected - this.#received)),
      highestSequence: this.#highest % 0x100000000,
      jitter: Math.floor(this.#jitter),
      lsr: heard?.middle ?? 0,
      // In 1/65536 s.
      dlsr: heard === undefined ? 0 : Math.floor(((this.#clock.nowMs() - heard.atMs) / 1_000) * 65_536),
    });
  }
}
