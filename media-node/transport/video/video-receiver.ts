/**
 * The client's video: takes its RTP packets, asks for those that are missing, and hands whole frames out in order. Where that
 * fails it asks for a key frame.
 */
import { type RtcpPacket, RtcpRrPacket } from "werift";
import type { Clock, Timer } from "../../time/clock.ts";
import type { ReceivedFrame, VideoCodec } from "../../video/types.ts";
import { Reception } from "../reception.ts";
import { withoutPadding } from "../srtp/rtp-header.ts";
import { maxBitrate, nack, pictureLoss } from "./feedback.ts";
import { type AssembledFrame, FrameAssembler } from "./frame-assembler.ts";
import { IncomingBandwidth } from "./incoming-bandwidth.ts";
import { NackList } from "./nack-list.ts";
import { PAYLOADS } from "./payload.ts";
import { Unwrapper } from "./wrapping.ts";

const CLOCK_PER_MS = 90;
const US_PER_UNIT = 1_000 / CLOCK_PER_MS;
/** How often missing packets are looked at while there are some. */
const NACK_CHECK_MS = 10;
/** Browsers lower what they send when they hear nothing of it for some seconds. */
const REPORT_EVERY_MS = 500;
/** A key frame takes a round trip and its own length to come; asking more often makes several come. */
const KEY_FRAME_REQUEST_MS = 250;

export interface VideoReceiverOptions {
  readonly codec: VideoCodec;
  readonly payloadType: number;
  /** Of packets that are sent again; undefined where that was not negotiated: they come under the first type then. */
  readonly rtxPayloadType: number | undefined;
  /** Of our own reports. */
  readonly ssrc: number;
  /** What the client is told that it may send, at most. */
  readonly maxBitsPerSecond: number;
  readonly clock: Clock;
  readonly sendRtcp: (packets: readonly RtcpPacket[]) => void;
  readonly onFrame: (frame: ReceivedFrame) => void;
}

export class VideoReceiver {
  readonly #options: VideoReceiverOptions;
  readonly #reception: Reception;
  readonly #assembler: FrameAssembler;
  readonly #nacks = new NackList();
  #bandwidth: IncomingBandwidth;
  /** The client's; another one is another track, such as another camera. */
  #sender: number | undefined;
  #sequences = new Unwrapper(16);
  #timestamps = new Unwrapper(32);
  /** To this track's timestamps, for time to go on from one track to the next; undefined before its first packet. */
  #offset: number | undefined;
  #last: { readonly timestamp: number; readonly atMs: number } | undefined;
  #keyFrameAskedMs = Number.NEGATIVE_INFINITY;
  #nackTimer: Timer | undefined;
  #reportTimer: Timer | undefined;
  #heardSinceReport = false;
  #closed = false;

  constructor(options: VideoReceiverOptions) {
    this.#options = options;
    this.#assembler = new FrameAssembler(PAYLOADS[options.codec].read);
    this.#reception = new Reception(options.clock, CLOCK_PER_MS);
    this.#bandwidth = new IncomingBandwidth(options.maxBitsPerSecond);
  }

  /** @returns false where the packet is none of this track's. */
  read(packet: Buffer, padded: Buffer): boolean {
    const { payloadType, rtxPayloadType } = this.#options;
    const type = packet.readUInt8(1) & 0x7f;
    if (type !== payloadType && type !== rtxPayloadType) return false;
    if (this.#closed) return true;
    const payload = withoutPadding(packet, padded);
    if (type === payloadType) this.#readFirst(packet, payload);
    // RFC 4588: its own number comes before what was sent again; without one it is there to fill a bandwidth.
    else if (payload.length >= 2) {
      this.#bandwidth.received(packet.length, undefined, this.#options.clock.nowMs());
      if (this.#sender !== undefined) {
        this.#take(packet, payload.readUInt16BE(0), payload.subarray(2), this.#timestampOf(packet));
      }
    }
    return true;
  }

  /** Notes a sender report of the client's. */
  heardReport(sender: number, ntpTimestamp: bigint): void {
    this.#reception.heardReport(sender, ntpTimestamp);
  }

  /** Asks the client for a key frame, unless that was done a moment ago. */
  requestKeyFrame(): void {
    const nowMs = this.#options.clock.nowMs();
    if (this.#closed || this.#sender === undefined || nowMs - this.#keyFrameAskedMs < KEY_FRAME_REQUEST_MS) return;
    this.#keyFrameAskedMs = nowMs;
    this.#options.sendRtcp([pictureLoss(this.#options.ssrc, this.#sender)]);
  }

  close(): void {
    this.#closed = true;
    this.#nackTimer?.cancel();
    this.#reportTimer?.cancel();
    this.#assembler.reset();
    this.#nacks.reset();
  }

  #readFirst(packet: Buffer, payload: Buffer): void {
    const sender = packet.readUInt32BE(8);
    if (sender !== this.#sender) this.#follow(sender);
    this.#heardSinceReport = true;
    this.#reception.count(sender, packet.readUInt16BE(2), packet.readUInt32BE(4));
    const timestamp = this.#timestampOf(packet);
    this.#bandwidth.received(packet.length, timestamp / CLOCK_PER_MS, this.#options.clock.nowMs());
    if (this.#reportTimer === undefined) this.#report();
    this.#take(packet, packet.readUInt16BE(2), payload, timestamp);
  }

  #follow(sender: number): void {
    this.#sender = sender;
    this.#sequences = new Unwrapper(16);
    this.#timestamps = new Unwrapper(32);
    this.#offset = undefined;
    this.#assembler.reset();
    this.#nacks.reset();
    this.#bandwidth = new IncomingBandwidth(this.#options.maxBitsPerSecond);
  }

  #timestampOf(packet: Buffer): number {
    const nowMs = this.#options.clock.nowMs();
    const last = this.#last;
    const own = this.#timestamps.unwrap(packet.readUInt32BE(4));
    this.#offset ??= last === undefined ? 0 : Math.round(last.timestamp + (nowMs - last.atMs) * CLOCK_PER_MS) - own;
    const timestamp = own + this.#offset;
    if (last === undefined || timestamp > last.timestamp) this.#last = { timestamp, atMs: nowMs };
    return timestamp;
  }

  #take(packet: Buffer, sequenceNumber: number, payload: Buffer, timestamp: number): void {
    const arrivedAtMs = this.#options.clock.nowMs();
    const sequence = this.#sequences.unwrap(sequenceNumber);
    if (!this.#nacks.received(sequence, arrivedAtMs)) this.#giveUp();
    const frames = this.#assembler.push({
      sequence,
      timestamp,
      marker: (packet.readUInt8(1) & 0x80) !== 0,
      payload,
      arrivedAtMs,
    });
    for (const frame of frames) this.#hand(frame);
    if (this.#assembler.needsKeyFrame) this.requestKeyFrame();
    if (this.#nacks.waiting) this.#nackTimer ??= this.#options.clock.after(NACK_CHECK_MS, () => this.#checkMissing());
  }

  #hand({ data, keyFrame, timestamp, arrivedAtMs }: AssembledFrame): void {
    if (keyFrame) this.#nacks.forgetBefore(this.#assembler.floor);
    const { codec, onFrame } = this.#options;
    onFrame({ codec, data, keyFrame, timestampUs: Math.round(timestamp * US_PER_UNIT), arrivedAtMs });
  }

  #giveUp(): void {
    this.#assembler.giveUp();
    this.requestKeyFrame();
  }

  #checkMissing(): void {
    this.#nackTimer = undefined;
    if (this.#closed || this.#sender === undefined) return;
    const { clock, ssrc, sendRtcp } = this.#options;
    const { requests, state } = this.#nacks.due(clock.nowMs());
    if (state === "lost") this.#giveUp();
    else if (state === "late") this.requestKeyFrame();
    if (requests.length > 0) {
      const numbers = requests.map((sequence) => sequence & 0xffff);
      sendRtcp([nack(ssrc, this.#sender, numbers)]);
    }
    if (this.#nacks.waiting) this.#nackTimer = clock.after(NACK_CHECK_MS, () => this.#checkMissing());
  }

  /** Tells what arrives and what may, for as long as something does. */
  #report(): void {
    const { clock, ssrc, sendRtcp } = this.#options;
    this.#reportTimer = undefined;
    if (this.#closed || this.#sender === undefined || !this.#heardSinceReport) return;
    this.#heardSinceReport = false;
    const reception = this.#reception.report();
    sendRtcp([
      new RtcpRrPacket({ ssrc, reports: reception === undefined ? [] : [reception] }),
      maxBitrate(ssrc, [this.#sender], this.#bandwidth.next(clock.nowMs())),
    ]);
    this.#reportTimer = clock.after(REPORT_EVERY_MS, () => this.#report());
  }
}
