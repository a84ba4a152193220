/** The video of a peer connection: one track of the client's, one of ours, one codec. */
import { type RTCRtpCodecParameters, type RTCRtpTransceiver, type RtcpPacket, RtcpSrPacket } from "werift";
import type { Clock } from "../../time/clock.ts";
import { DEFAULT_MAX_VIDEO_BITS_PER_SECOND } from "../../video/bit-rates.ts";
import type { EncodedFrame, VideoCodec, VideoTrack, VideoTrackEvents } from "../../video/types.ts";
import type { SecureTransport } from "../secure-transport.ts";
import { readFeedback } from "./feedback.ts";
import { VideoReceiver } from "./video-receiver.ts";
import { VideoSender } from "./video-sender.ts";

const VIDEO_CODECS: readonly VideoCodec[] = ["vp8", "h264"];

export interface RtpVideoTrackOptions {
  readonly transport: SecureTransport;
  readonly clock: Clock;
  readonly events: VideoTrackEvents;
  /** What is sent at most, and what the client is told that it may send. Default: {@link DEFAULT_MAX_VIDEO_BITS_PER_SECOND}. */
  readonly maxBitsPerSecond?: number | undefined;
}

export class RtpVideoTrack implements VideoTrack {
  readonly codec: VideoCodec;
  readonly #receiver: VideoReceiver;
  readonly #sender: VideoSender;
  readonly #ssrc: number;

  /** Undefined where nothing was agreed on. */
  static of(transceiver: RTCRtpTransceiver, options: RtpVideoTrackOptions): RtpVideoTrack | undefined {
    const found = transceiver.codecs.find(({ name }) => codecNamed(name) !== undefined);
    const codec = found === undefined ? undefined : codecNamed(found.name);
    if (found === undefined || codec === undefined) return undefined;
    const rtx = transceiver.codecs.find((other) => isRtxOf(other, found));
    return new RtpVideoTrack(transceiver, codec, found.payloadType, rtx?.payloadType, options);
  }

  private constructor(
    { sender }: RTCRtpTransceiver,
    codec: VideoCodec,
    payloadType: number,
    rtxPayloadType: number | undefined,
    { transport, clock, events, maxBitsPerSecond = DEFAULT_MAX_VIDEO_BITS_PER_SECOND }: RtpVideoTrackOptions,
  ) {
    this.codec = codec;
    this.#ssrc = sender.ssrc;
    this.#receiver = new VideoReceiver({
      codec,
      payloadType,
      rtxPayloadType,
      ssrc: sender.ssrc,
      maxBitsPerSecond,
      clock,
      sendRtcp: (packets) => transport.sendRtcp(packets),
      onFrame: (frame) => events.videoFrame(frame),
    });
    this.#sender = new VideoSender({
      payloadType,
      ssrc: sender.ssrc,
      rtx: rtxPayloadType === undefined ? undefined : { payloadType: rtxPayloadType, ssrc: sender.rtxSsrc },
      maxBitsPerSecond,
      clock,
      transport,
      onKeyFrameNeeded: () => events.videoKeyFrameNeeded(),
      onBitrate: (bitsPerSecond) => events.videoBitrate(bitsPerSecond),
    });
  }

  send(frame: EncodedFrame): boolean {
    return this.#sender.send(frame);
  }

  requestKeyFrame(): void {
    this.#receiver.requestKeyFrame();
  }

  /** @returns false where the packet is none of this track's. */
  receive(packet: Buffer, payload: Buffer): boolean {
    return this.#receiver.read(packet, payload);
  }

  receiveRtcp(packet: RtcpPacket): void {
    if (packet instanceof RtcpSrPacket) this.#receiver.heardReport(packet.ssrc, packet.senderInfo.ntpTimestamp);
    const feedback = readFeedback(packet, this.#ssrc);
    if (feedback !== undefined) this.#sender.heard(feedback);
  }

  close(): void {
    this.#receiver.close();
    this.#sender.close();
  }
}

function codecNamed(name: string): VideoCodec | undefined {
  return VIDEO_CODECS.find((codec) => codec === name.toLowerCase());
}

function isRtxOf(rtx: RTCRtpCodecParameters, codec: RTCRtpCodecParameters): boolean {
  return (
    rtx.name.toLowerCase() === "rtx" && /(?:^|;)apt=(\d+)/.exec(rtx.parameters ?? "")?.[1] === `${codec.payloadType}`
  );
}
