/**
 * Sends a session's RTP packets straight through the DTLS transport. werift's own sender copies each packet, keeps the
 * last 128 for retransmissions that audio does not use, and estimates a bandwidth nobody asks for: a fifth of what a
 * session costs. The sender reports (RFC 3550 §6.4.1) that it would send go out from here.
 */
import { ntpTime, type RTCRtpSender, RtcpSenderInfo, RtcpSrPacket, RtpHeader } from "werift";

/** A sender report for each second of audio. */
const REPORT_EVERY_PACKETS = 50;

export class RtpSender {
  readonly #sender: RTCRtpSender;
  #packetCount = 0;
  #octetCount = 0;
  #sequenceNumber = Math.floor(Math.random() * 0x8000);

  constructor(sender: RTCRtpSender) {
    this.#sender = sender;
  }

  /** Packets before the connection, or after it, are dropped. `timestamp` is in 48 kHz units. */
  send(payload: Uint8Array, timestamp: number, marker: boolean): void {
    const sender = this.#sender;
    const { codec, dtlsTransport } = sender;
    if (codec === undefined || dtlsTransport?.state !== "connected") return;
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    const header = new RtpHeader({
      ssrc: sender.ssrc,
      payloadType: codec.payloadType,
      sequenceNumber: this.#sequenceNumber,
      timestamp: timestamp >>> 0,
      marker,
    });
    this.#packetCount += 1;
    this.#octetCount += payload.length;
    if (this.#packetCount % REPORT_EVERY_PACKETS === 1) this.#report(header.timestamp);
    dtlsTransport.sendRtp(Buffer.from(payload.buffer, payload.byteOffset, payload.length), header).catch(ignore);
  }

  #report(rtpTimestamp: number): void {
    const senderInfo = new RtcpSenderInfo({
      ntpTimestamp: ntpTime(),
      rtpTimestamp,
      packetCount: this.#packetCount,
      octetCount: this.#octetCount,
    });
    const { dtlsTransport, ssrc } = this.#sender;
    dtlsTransport?.sendRtcp([new RtcpSrPacket({ ssrc, senderInfo })]).catch(ignore);
  }
}

/** A packet that fails on a connection that is going away: its end is reported by the state changes. */
function ignore(): void {
  // Nothing to do.
}
