/**
 * Numbers and sends a session's RTP packets, with the sender reports that belong to them (RFC 3550 §6.4.1). werift's own
 * sender copies each packet, keeps the last 128 for retransmissions that audio does not use, and estimates a bandwidth
 * nobody asks for.
 */
import { ntpTime, type RTCRtpSender, RtcpSenderInfo, RtcpSrPacket } from "werift";
import type { SecureTransport } from "./secure-transport.ts";

/** A sender report for each second of audio. */
const REPORT_EVERY_PACKETS = 50;
/** Without contributing sources and extensions. */
export const RTP_HEADER_LENGTH = 12;
const VERSION_2 = 0x80;
const MARKER = 0x80;

export class RtpSender {
  readonly #sender: RTCRtpSender;
  readonly #transport: SecureTransport;
  #packetCount = 0;
  #octetCount = 0;
  #sequenceNumber = Math.floor(Math.random() * 0x8000);

  constructor(sender: RTCRtpSender, transport: SecureTransport) {
    this.#sender = sender;
    this.#transport = transport;
  }

  /** Packets before the connection, or after it, are dropped. `timestamp` is in 48 kHz units. */
  send(payload: Uint8Array, timestamp: number, marker: boolean): void {
    const { codec, ssrc } = this.#sender;
    if (codec === undefined || !this.#transport.connected) return;
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    const fields = {
      payloadType: codec.payloadType,
      marker,
      sequenceNumber: this.#sequenceNumber,
      timestamp: timestamp >>> 0,
      ssrc,
    };
    const packet = rtpPacket(fields, payload, this.#transport.rtpOverhead);
    this.#packetCount += 1;
    this.#octetCount += payload.length;
    if (this.#packetCount % REPORT_EVERY_PACKETS === 1) this.#report(timestamp >>> 0);
    this.#transport.sendRtp(packet, RTP_HEADER_LENGTH);
  }

  #report(rtpTimestamp: number): void {
    const senderInfo = new RtcpSenderInfo({
      ntpTimestamp: ntpTime(),
      rtpTimestamp,
      packetCount: this.#packetCount,
      octetCount: this.#octetCount,
    });
    this.#transport.sendRtcp([new RtcpSrPacket({ ssrc: this.#sender.ssrc, senderInfo })]);
  }
}

export interface RtpFields {
  readonly payloadType: number;
  readonly marker: boolean;
  /** 16 bits. */
  readonly sequenceNumber: number;
  /** 32 bits. */
  readonly timestamp: number;
  /** 32 bits. */
  readonly ssrc: number;
}

/** A packet in the clear (RFC 3550 §5.1), with room behind it for what protects it. */
export function rtpPacket(fields: RtpFields, payload: Uint8Array, overhead: number): Buffer {
  const packet = Buffer.allocUnsafe(RTP_HEADER_LENGTH + payload.length + overhead);
  packet[0] = VERSION_2;
  packet[1] = (fields.marker ? MARKER : 0) | fields.payloadType;
  packet.writeUInt16BE(fields.sequenceNumber, 2);
  packet.writeUInt32BE(fields.timestamp, 4);
  packet.writeUInt32BE(fields.ssrc, 8);
  packet.set(payload, RTP_HEADER_LENGTH);
  return packet;
}
