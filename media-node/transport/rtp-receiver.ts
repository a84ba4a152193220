/**
 * Reads a session's RTP packets and reports to their sender what arrives (RFC 3550 §6.4.2, A.3, A.8): browsers take
 * round-trip time and loss from it.
 */
import { RtcpReceiverInfo, RtcpRrPacket } from "werift";
import type { Clock } from "../time/clock.ts";
import { withoutPadding } from "./srtp/rtp-header.ts";

/** A report for each five seconds of audio, as browsers do. */
const REPORT_EVERY_PACKETS = 250;
const CLOCK_PER_MS = 48;
const SEQUENCE_NUMBERS = 0x10000;
const JITTER_GAIN = 1 / 16;

export interface RtpAudioPacket {
  readonly sequenceNumber: number;
  /** 48 kHz units, 32 bits. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

export interface RtpReceiverOptions {
  readonly payloadType: number;
  /** Of our own reports. */
  readonly ssrc: number;
  readonly clock: Clock;
  readonly report: (report: RtcpRrPacket) => void;
}

export class RtpReceiver {
  readonly #options: RtpReceiverOptions;
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

  constructor(options: RtpReceiverOptions) {
    this.#options = options;
  }

  /** What the packet carries; undefined where it is none of ours. */
  read(packet: Buffer, payload: Buffer): RtpAudioPacket | undefined {
    if ((packet.readUInt8(1) & 0x7f) !== this.#options.payloadType) return undefined;
    const sequenceNumber = packet.readUInt16BE(2);
    const timestamp = packet.readUInt32BE(4);
    this.#count(packet.readUInt32BE(8), sequenceNumber, timestamp);
    return { sequenceNumber, timestamp, payload: withoutPadding(packet, payload) };
  }

  /** Notes a sender report of the other side, which our next report refers to. `ntpTimestamp` has 64 bits. */
  heardReport(sender: number, ntpTimestamp: bigint): void {
    if (sender !== this.#sender) return;
    const middle = Number((ntpTimestamp >> 16n) & 0xffffffffn);
    this.#heard = { middle, atMs: this.#options.clock.nowMs() };
  }

  #count(sender: number, sequenceNumber: number, timestamp: number): void {
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
    const transit = (this.#options.clock.nowMs() * CLOCK_PER_MS - timestamp) | 0;
    if (this.#transit !== undefined) {
      const difference = Math.abs((transit - this.#transit) | 0);
      this.#jitter += (difference - this.#jitter) * JITTER_GAIN;
    }
    this.#transit = transit;
    if (this.#received % REPORT_EVERY_PACKETS === 0) this.#report(sender);
  }

  #report(sender: number): void {
    const expected = this.#highest - this.#first + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const { clock, ssrc, report } = this.#options;
    const heard = this.#heard;
    const info = new RtcpReceiverInfo({
      ssrc: sender,
      fractionLost: lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow / expectedNow) * 256)),
      packetsLost: Math.max(0, Math.min(0x7fffff, expected - this.#received)),
      highestSequence: this.#highest % 0x100000000,
      jitter: Math.floor(this.#jitter),
      lsr: heard?.middle ?? 0,
      // In 1/65536 s.
      dlsr: heard === undefined ? 0 : Math.floor(((clock.nowMs() - heard.atMs) / 1_000) * 65_536),
    });
    report(new RtcpRrPacket({ ssrc, reports: [info] }));
  }
}
