/** Reads a session's RTP packets of audio, and reports to their sender what arrives. */
import { RtcpRrPacket } from "werift";
import type { Clock } from "../time/clock.ts";
import { Reception } from "./reception.ts";
import { withoutPadding } from "./srtp/rtp-header.ts";

/**
 * A report for each 400 ms of audio. Browsers send one in five seconds; by these a client that nobody talks to notices at
 * once that its network has changed, and its statistics are of now.
 */
const REPORT_EVERY_PACKETS = 20;
const CLOCK_PER_MS = 48;

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
  readonly #reception: Reception;

  constructor(options: RtpReceiverOptions) {
    this.#options = options;
    this.#reception = new Reception(options.clock, CLOCK_PER_MS);
  }

  /** What the packet carries; undefined where it is none of ours. */
  read(packet: Buffer, payload: Buffer): RtpAudioPacket | undefined {
    if ((packet.readUInt8(1) & 0x7f) !== this.#options.payloadType) return undefined;
    const sequenceNumber = packet.readUInt16BE(2);
    const timestamp = packet.readUInt32BE(4);
    this.#reception.count(packet.readUInt32BE(8), sequenceNumber, timestamp);
    if (this.#reception.received % REPORT_EVERY_PACKETS === 0) this.#report();
    return { sequenceNumber, timestamp, payload: withoutPadding(packet, payload) };
  }

  /** Notes a sender report of the other side, which our next report refers to. `ntpTimestamp` has 64 bits. */
  heardReport(sender: number, ntpTimestamp: bigint): void {
    this.#reception.heardReport(sender, ntpTimestamp);
  }

  #report(): void {
    const info = this.#reception.report();
    if (info !== undefined) this.#options.report(new RtcpRrPacket({ ssrc: this.#options.ssrc, reports: [info] }));
  }
}
