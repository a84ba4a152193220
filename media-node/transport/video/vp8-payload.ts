/** VP8 in RTP packets (RFC 7741): the descriptor before each part of a frame. */
import type { VideoPart } from "./video-part.ts";

const EXTENDED = 0x80;
const START = 0x10;
const PARTITION = 0x07;
const HAS_PICTURE_ID = 0x80;
const HAS_TL0 = 0x40;
const HAS_TID_OR_KEY = 0x30;
const LONG_PICTURE_ID = 0x8000;
const PICTURE_IDS = 0x8000;

export const DESCRIPTOR_LENGTH = 4;

/** Undefined where the descriptor is cut off or nothing follows it. */
export function readVp8Payload(payload: Uint8Array): VideoPart | undefined {
  const first = payload[0];
  if (first === undefined) return undefined;
  let at = 1;
  if ((first & EXTENDED) !== 0) {
    const extensions = payload[at++] ?? 0;
    if ((extensions & HAS_PICTURE_ID) !== 0) at += ((payload[at] ?? 0) & 0x80) === 0 ? 1 : 2;
    if ((extensions & HAS_TL0) !== 0) at += 1;
    if ((extensions & HAS_TID_OR_KEY) !== 0) at += 1;
  }
  const header = payload[at];
  if (header === undefined) return undefined;
  const start = (first & START) !== 0 && (first & PARTITION) === 0;
  return { start, keyFrame: start && (header & 1) === 0, data: payload.subarray(at) };
}

/** A frame as payloads of about equal size, none longer than `maxLength`. */
export function toVp8Payloads(frame: Uint8Array, pictureId: number, maxLength: number): Uint8Array[] {
  const count = Math.ceil(frame.length / (maxLength - DESCRIPTOR_LENGTH));
  const payloads: Uint8Array[] = [];
  for (let n = 0; n < count; n++) {
    const from = Math.floor((n * frame.length) / count);
    const to = Math.floor(((n + 1) * frame.length) / count);
    const payload = new Uint8Array(DESCRIPTOR_LENGTH + to - from);
    const id = LONG_PICTURE_ID | (pictureId % PICTURE_IDS);
    payload.set([EXTENDED | (n === 0 ? START : 0), HAS_PICTURE_ID, id >> 8, id & 0xff]);
    payload.set(frame.subarray(from, to), DESCRIPTOR_LENGTH);
    payloads.push(payload);
  }
  return payloads;
}
