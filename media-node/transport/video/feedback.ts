/** RTCP messages between a video's sender and receiver, as werift has them. */
import {
  GenericNack,
  PictureLossIndication,
  ReceiverEstimatedMaxBitrate,
  type RtcpPacket,
  RtcpPayloadSpecificFeedback,
  RtcpRrPacket,
  RtcpSrPacket,
  RtcpTransportLayerFeedback,
} from "werift";

const MANTISSA_BITS = 18;

export function pictureLoss(senderSsrc: number, mediaSsrc: number): RtcpPacket {
  return new RtcpPayloadSpecificFeedback({ feedback: new PictureLossIndication({ senderSsrc, mediaSsrc }) });
}

/** @param lost ascending */
export function nack(senderSsrc: number, mediaSourceSsrc: number, lost: readonly number[]): RtcpPacket {
  return new RtcpTransportLayerFeedback({
    feedback: new GenericNack({ senderSsrc, mediaSourceSsrc, lost: [...lost] }),
  });
}

/** The bit rate that this side can take in from those senders (draft-alvestrand-rmcat-remb). */
export function maxBitrate(senderSsrc: number, mediaSsrcs: readonly number[], bitsPerSecond: number): RtcpPacket {
  let exponent = 0;
  let mantissa = Math.round(bitsPerSecond);
  for (; mantissa >= 2 ** MANTISSA_BITS; mantissa = Math.floor(mantissa / 2)) exponent += 1;
  const feedback = new ReceiverEstimatedMaxBitrate({
    senderSsrc,
    mediaSsrc: 0,
    ssrcNum: mediaSsrcs.length,
    brExp: exponent,
    brMantissa: mantissa,
    ssrcFeedbacks: [...mediaSsrcs],
  });
  return new RtcpPayloadSpecificFeedback({ feedback });
}

/** What a receiver asks of the sender `ssrc`. */
export type Feedback =
  | { readonly kind: "key_frame" }
  | { readonly kind: "resend"; readonly sequenceNumbers: readonly number[] }
  | { readonly kind: "max_bitrate"; readonly bitsPerSecond: number }
  /** Share of its packets since the last report, 0 to 1. */
  | { readonly kind: "lost"; readonly share: number };

/** Undefined where it is something else, or for another sender. */
export function readFeedback(packet: RtcpPacket, ssrc: number): Feedback | undefined {
  if (packet instanceof RtcpRrPacket || packet instanceof RtcpSrPacket) {
    const report = packet.reports.find((one) => one.ssrc === ssrc);
    return report === undefined ? undefined : { kind: "lost", share: report.fractionLost / 256 };
  }
  if (packet instanceof RtcpTransportLayerFeedback) {
    const { feedback } = packet;
    if (!(feedback instanceof GenericNack) || feedback.mediaSourceSsrc !== ssrc) return undefined;
    return { kind: "resend", sequenceNumbers: feedback.lost.map((sequence) => sequence & 0xffff) };
  }
  if (!(packet instanceof RtcpPayloadSpecificFeedback)) return undefined;
  const { feedback } = packet;
  if (feedback instanceof PictureLossIndication) {
    return feedback.mediaSsrc === ssrc ? { kind: "key_frame" } : undefined;
  }
  // A full intra request (RFC 5104 §4.3.1).
  if (feedback !== undefined && "fir" in feedback) {
    return feedback.fir.some((request) => request.ssrc === ssrc) ? { kind: "key_frame" } : undefined;
  }
  if (feedback instanceof ReceiverEstimatedMaxBitrate && feedback.ssrcFeedbacks.includes(ssrc)) {
    return { kind: "max_bitrate", bitsPerSecond: Number(feedback.bitrate ?? 0n) };
  }
  return undefined;
}
