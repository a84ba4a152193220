/**
 * Our video to the client: cuts frames into packets, spreads large ones over some milliseconds, and keeps what was sent for a
 * while, to send it again where it is asked for.
 */
import { ntpTime, type RtcpPacket, RtcpSenderInfo, RtcpSrPacket } from "werift";
import type { Clock, Timer } from "../../time/clock.ts";
import type { EncodedFrame } from "../../video/types.ts";
import type { Feedback } from "./feedback.ts";
import { OutgoingBandwidth } from "./outgoing-bandwidth.ts";
import { PAYLOADS } from "./payload.ts";

/** What a packet may have on the wire without UDP and IP; what every path takes, TURN included. */
const MAX_PACKET_BYTES = 1_200;
const HEADER_LENGTH = 12;
/** Of the original sequence number before a packet that is sent again (RFC 4588). */
const RTX_HEADER_LENGTH = 2;
const VERSION_2 = 0x80;
const MARKER = 0x80;
const CLOCK_PER_US = 0.09;
/** 8 packets in 5 ms are 15 Mbit/s: a key frame of 30 KB is out after 15 ms. */
const BURST_PACKETS = 8;
const BURST_EVERY_MS = 5;
/** Frames are refused while more than this waits: 200 ms at that rate. */
const MAX_WAITING_PACKETS = 320;
/** Packets kept to be sent again: some five seconds of 1 Mbit/s. */
const MAX_KEPT_PACKETS = 512;
/** A packet is not sent again sooner after the last time, nor more often. */
const RESEND_AGAIN_MS = 20;
const MAX_RESENDS = 8;
const REPORT_EVERY_MS = 1_000;
/** Requests for key frames within this of one another are one. */
const KEY_FRAME_EVERY_MS = 200;

export interface VideoSenderOptions {
  readonly payloadType: number;
  readonly ssrc: number;
  /** Undefined where the client takes no retransmissions as their own stream: then the packet comes again as it was. */
  readonly rtx: { readonly payloadType: number; readonly ssrc: number } | undefined;
  /** At most. */
  readonly maxBitsPerSecond: number;
  readonly clock: Clock;
  readonly transport: {
    readonly connected: boolean;
    /** Bytes to leave free behind a packet. */
    readonly rtpOverhead: number;
    /** Protects the packet in place and sends it. */
    sendRtp(packet: Buffer, headerLength: number): void;
    sendRtcp(packets: readonly RtcpPacket[]): void;
  };
  readonly onKeyFrameNeeded: () => void;
  /** What the client's line takes from now on; not called for small changes. */
  readonly onBitrate: (bitsPerSecond: number) => void;
}

interface Kept {
  readonly payload: Uint8Array;
  readonly timestamp: number;
  readonly marker: boolean;
  /** Undefined until it was. */
  sentAtMs: number | undefined;
  resends: number;
}

export class VideoSender {
  readonly #options: VideoSenderOptions;
  readonly #bandwidth: OutgoingBandwidth;
  readonly #kept = new Map<number, Kept>();
  /** Sequence numbers to send, those that go again first. */
  #again: number[] = [];
  #waiting: number[] = [];
  #sentInBurst = 0;
  #burstTimer: Timer | undefined;
  #sequenceNumber = Math.floor(Math.random() * 0x8000);
  #rtxSequenceNumber = Math.floor(Math.random() * 0x8000);
  #pictureId = 0;
  #packetCount = 0;
  #octetCount = 0;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #keyFrameAskedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: VideoSenderOptions) {
    this.#options = options;
    this.#bandwidth = new OutgoingBandwidth(options.maxBitsPerSecond);
  }

  /** False where the frame was dropped: what comes after it needs a key frame. */
  send(frame: EncodedFrame): boolean {
    const { transport } = this.#options;
    if (this.#closed || !transport.connected || this.#waiting.length > MAX_WAITING_PACKETS) return false;
    // Who encodes begins with what is usual.
    if (this.#pictureId === 0) this.#options.onBitrate(this.#bandwidth.bitsPerSecond);
    const timestamp = Math.round(frame.timestampUs * CLOCK_PER_US) >>> 0;
    this.#report(timestamp);
    const room = MAX_PACKET_BYTES - HEADER_LENGTH - RTX_HEADER_LENGTH - transport.rtpOverhead;
    const payloads = PAYLOADS[frame.codec].write(frame.data, this.#pictureId++, room);
    payloads.forEach((payload, at) => {
      this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
      const marker = at === payloads.length - 1;
      this.#kept.set(this.#sequenceNumber, { payload, timestamp, marker, sentAtMs: undefined, resends: 0 });
      this.#waiting.push(this.#sequenceNumber);
    });
    // A map is in the order in which its entries were made.
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT_PACKETS) break;
      this.#kept.delete(oldest);
    }
    this.#sendWaiting();
    return true;
  }

  /** Takes what the client says of our packets. */
  heard(feedback: Feedback): void {
    if (this.#closed) return;
    switch (feedback.kind) {
      case "key_frame":
        this.#keyFrameNeeded();
        break;
      case "max_bitrate":
        this.#setBitrate(this.#bandwidth.estimated(feedback.bitsPerSecond));
        break;
      case "lost":
        this.#setBitrate(this.#bandwidth.reported(feedback.share, this.#options.clock.nowMs()));
        break;
      case "resend":
        this.#resend(feedback.sequenceNumbers);
        break;
    }
  }

  close(): void {
    this.#closed = true;
    this.#burstTimer?.cancel();
    this.#kept.clear();
    this.#again = [];
    this.#waiting = [];
  }

  #setBitrate(bitsPerSecond: number | undefined): void {
    if (bitsPerSecond !== undefined) this.#options.onBitrate(bitsPerSecond);
  }

  #keyFrameNeeded(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#keyFrameAskedMs < KEY_FRAME_EVERY_MS) return;
    this.#keyFrameAskedMs = nowMs;
    this.#options.onKeyFrameNeeded();
  }

  #resend(sequenceNumbers: readonly number[]): void {
    const nowMs = this.#options.clock.nowMs();
    for (const sequenceNumber of sequenceNumbers) {
      const kept = this.#kept.get(sequenceNumber);
      if (kept === undefined || kept.sentAtMs === undefined || kept.resends >= MAX_RESENDS) continue;
      if (nowMs - kept.sentAtMs < RESEND_AGAIN_MS || this.#again.length >= MAX_WAITING_PACKETS) continue;
      kept.resends += 1;
      kept.sentAtMs = nowMs;
      this.#again.push(sequenceNumber);
    }
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    const { clock } = this.#options;
    while (this.#sentInBurst < BURST_PACKETS) {
      const again = this.#again.shift();
      const next = again ?? this.#waiting.shift();
      if (next === undefined) break;
      const kept = this.#kept.get(next);
      if (kept === undefined) continue;
      this.#sentInBurst += 1;
      if (again === undefined) {
        kept.sentAtMs = clock.nowMs();
        this.#packetCount += 1;
        this.#octetCount += kept.payload.length;
        this.#sendFirst(next, kept);
      } else this.#sendAgain(next, kept);
    }
    if (this.#sentInBurst === 0) return;
    this.#burstTimer ??= clock.after(BURST_EVERY_MS, () => {
      this.#burstTimer = undefined;
      this.#sentInBurst = 0;
      this.#sendWaiting();
    });
  }

  #sendFirst(sequenceNumber: number, kept: Kept): void {
    const { payloadType, ssrc } = this.#options;
    const packet = this.#packet(payloadType, ssrc, sequenceNumber, kept, 0);
    packet.set(kept.payload, HEADER_LENGTH);
    this.#options.transport.sendRtp(packet, HEADER_LENGTH);
  }

  #sendAgain(sequenceNumber: number, kept: Kept): void {
    const { rtx, transport } = this.#options;
    if (rtx === undefined) {
      this.#sendFirst(sequenceNumber, kept);
      return;
    }
    this.#rtxSequenceNumber = (this.#rtxSequenceNumber + 1) & 0xffff;
    const packet = this.#packet(rtx.payloadType, rtx.ssrc, this.#rtxSequenceNumber, kept, RTX_HEADER_LENGTH);
    packet.writeUInt16BE(sequenceNumber, HEADER_LENGTH);
    packet.set(kept.payload, HEADER_LENGTH + RTX_HEADER_LENGTH);
    transport.sendRtp(packet, HEADER_LENGTH);
  }

  #packet(payloadType: number, ssrc: number, sequenceNumber: number, kept: Kept, extra: number): Buffer {
    const { rtpOverhead } = this.#options.transport;
    const packet = Buffer.allocUnsafe(HEADER_LENGTH + extra + kept.payload.length + rtpOverhead);
    packet[0] = VERSION_2;
    packet[1] = (kept.marker ? MARKER : 0) | payloadType;
    packet.writeUInt16BE(sequenceNumber, 2);
    packet.writeUInt32BE(kept.timestamp, 4);
    packet.writeUInt32BE(ssrc, 8);
    return packet;
  }

  #report(rtpTimestamp: number): void {
    const { clock, ssrc, transport } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs - this.#reportedAtMs < REPORT_EVERY_MS) return;
    this.#reportedAtMs = nowMs;
    const senderInfo = new RtcpSenderInfo({
      ntpTimestamp: ntpTime(),
      rtpTimestamp,
      packetCount: this.#packetCount,
      octetCount: this.#octetCount,
    });
    transport.sendRtcp([new RtcpSrPacket({ ssrc, senderInfo })]);
  }
}
