/**
 * H.264 in RTP packets, mode 1 (RFC 6184): a unit alone, several in one packet (STAP-A), or one over several (FU-A). Frames are in
 * Annex B on both sides; a key frame has its parameters with it.
 */
import { NAL, nalType, nalUnits, START_CODE } from "../../video/codec/h264/nal-units.ts";
import type { VideoPart } from "./video-part.ts";

const STAP_A = 24;
const FU_A = 28;
const FU_FIRST = 0x80;
const FU_LAST = 0x40;
/** Whether other pictures are built on it, and whether it is damaged: in the first byte of a unit, beside its type. */
const REFERENCE = 0x60;
const DAMAGED = 0x80;
const TYPE = 0x1f;
const LENGTH_BYTES = 2;
const FU_HEADER_BYTES = 2;

/** Undefined where it is cut off, or of a kind that mode 1 does not have. */
export function readH264Payload(payload: Uint8Array): VideoPart | undefined {
  const type = nalType(payload);
  if (type === STAP_A) return partOf(aggregated(payload));
  if (type === FU_A) return readFragment(payload);
  return type >= 1 && type < STAP_A && payload.length > 1 ? partOf([payload]) : undefined;
}

/** Parameters of a sequence are where a key frame begins, and nowhere else. */
function partOf(units: readonly Uint8Array[]): VideoPart | undefined {
  if (units.length === 0) return undefined;
  const keyFrame = units.some((unit) => nalType(unit) === NAL.sps);
  return { start: keyFrame || "perhaps", keyFrame, data: annexB(units) };
}

function aggregated(payload: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let at = 1; at + LENGTH_BYTES < payload.length; ) {
    const length = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
    at += LENGTH_BYTES;
    if (length === 0 || at + length > payload.length) return [];
    units.push(payload.subarray(at, at + length));
    at += length;
  }
  return units;
}

function readFragment(payload: Uint8Array): VideoPart | undefined {
  const [indicator = 0, header = 0] = payload;
  if (payload.length <= FU_HEADER_BYTES) return undefined;
  const rest = payload.subarray(FU_HEADER_BYTES);
  if ((header & FU_FIRST) === 0) return { start: false, keyFrame: false, data: rest };
  return partOf([Uint8Array.of((indicator & ~TYPE) | (header & TYPE), ...rest)]);
}

function annexB(units: readonly Uint8Array[]): Uint8Array {
  const data = new Uint8Array(units.reduce((sum, { length }) => sum + START_CODE.length + length, 0));
  let at = 0;
  for (const unit of units) {
    data.set(START_CODE, at);
    data.set(unit, at + START_CODE.length);
    at += START_CODE.length + unit.length;
  }
  return data;
}

/** @param frame in Annex B. @returns payloads none of which is longer than `maxLength`. */
export function toH264Payloads(frame: Uint8Array, maxLength: number): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  let together: Uint8Array[] = [];
  let size = 1;
  const flush = () => {
    const [unit] = together;
    if (unit !== undefined) payloads.push(together.length === 1 ? unit : toStapA(together, size));
    together = [];
    size = 1;
  };
  for (const unit of nalUnits(frame)) {
    // Packets say themselves where a picture ends.
    if (nalType(unit) === NAL.delimiter) continue;
    if (size + LENGTH_BYTES + unit.length > maxLength) flush();
    if (unit.length > maxLength) payloads.push(...toFuA(unit, maxLength));
    else {
      together.push(unit);
      size += LENGTH_BYTES + unit.length;
    }
  }
  flush();
  return payloads;
}

function toStapA(units: readonly Uint8Array[], size: number): Uint8Array {
  const payload = new Uint8Array(size);
  let at = 1;
  let reference = 0;
  let damaged = 0;
  for (const unit of units) {
    const [first = 0] = unit;
    reference = Math.max(reference, first & REFERENCE);
    damaged |= first & DAMAGED;
    payload.set([unit.length >> 8, unit.length & 0xff], at);
    payload.set(unit, at + LENGTH_BYTES);
    at += LENGTH_BYTES + unit.length;
  }
  payload[0] = damaged | reference | STAP_A;
  return payload;
}

/** In parts of about equal size. */
function toFuA(unit: Uint8Array, maxLength: number): Uint8Array[] {
  const [first = 0] = unit;
  const body = unit.subarray(1);
  const count = Math.ceil(body.length / (maxLength - FU_HEADER_BYTES));
  return Array.from({ length: count }, (_, n) => {
    const part = body.subarray(Math.floor((n * body.length) / count), Math.floor(((n + 1) * body.length) / count));
    const payload = new Uint8Array(FU_HEADER_BYTES + part.length);
    const ends = (n === 0 ? FU_FIRST : 0) | (n === count - 1 ? FU_LAST : 0);
    payload.set([(first & ~TYPE) | FU_A, ends | (first & TYPE)]);
    payload.set(part, FU_HEADER_BYTES);
    return payload;
  });
}
