/** How each codec's frames go into RTP packets, and out of them. */
import type { VideoCodec } from "../../video/types.ts";
import { readH264Payload, toH264Payloads } from "./h264-payload.ts";
import type { VideoPart } from "./video-part.ts";
import { readVp8Payload, toVp8Payloads } from "./vp8-payload.ts";

export interface Payloads {
  /** Undefined where there is nothing of a frame in it, or it is damaged. */
  read(payload: Uint8Array): VideoPart | undefined;
  /** A frame as payloads none of which is longer than `maxLength`. */
  write(frame: Uint8Array, pictureId: number, maxLength: number): Uint8Array[];
}

export const PAYLOADS: Readonly<Record<VideoCodec, Payloads>> = {
  vp8: { read: readVp8Payload, write: toVp8Payloads },
  h264: { read: readH264Payload, write: (frame, _, maxLength) => toH264Payloads(frame, maxLength) },
};
