/** H.264 as bytes: the units of a picture in Annex B, and what a sequence's parameters say of its size (ITU-T H.264 §7.3, annex B). */

export const NAL = { slice: 1, idr: 5, sei: 6, sps: 7, pps: 8, delimiter: 9, filler: 12 } as const;
export const START_CODE: readonly number[] = [0, 0, 0, 1];

const MACROBLOCK = 16;
/** Profiles whose parameters say more of colour: `high` and its kin. */
const HIGH_PROFILES: readonly number[] = [44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244];
/** More than any sequence has; a damaged one may claim four thousand million. */
const MAX_CYCLE = 255;

export function nalType(unit: Uint8Array): number {
  return (unit[0] ?? 0) & 0x1f;
}

/** The units of a picture, without their start codes. */
export function nalUnits(data: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let begin: number | undefined;
  for (let at = data.indexOf(1, 2); at !== -1; at = data.indexOf(1, at + 1)) {
    if (data[at - 1] !== 0 || data[at - 2] !== 0) continue;
    if (begin !== undefined) units.push(withoutZeros(data.subarray(begin, at - 2)));
    begin = at + 1;
  }
  if (begin !== undefined) units.push(withoutZeros(data.subarray(begin)));
  return units.filter(({ length }) => length > 0);
}

/** A start code of four bytes begins with a zero that is none of the unit's; a unit itself never ends with one. */
function withoutZeros(unit: Uint8Array): Uint8Array {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end -= 1;
  return unit.subarray(0, end);
}

/** Size of a sequence's pictures as they are coded: in whole macroblocks. Undefined where the unit is damaged. */
export function codedSize(sps: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  const bits = new BitReader(withoutEmulation(sps.subarray(1)));
  const profile = bits.read(8);
  bits.read(16);
  bits.exponential();
  if (HIGH_PROFILES.includes(profile) && !readColour(bits)) return undefined;
  bits.exponential();
  readOrder(bits);
  bits.exponential();
  bits.read(1);
  const width = (bits.exponential() + 1) * MACROBLOCK;
  const rows = (bits.exponential() + 1) * MACROBLOCK;
  const height = rows * (2 - bits.read(1));
  return bits.exhausted ? undefined : { width, height };
}

/** @returns false where there are scaling matrices, which nobody sends here. */
function readColour(bits: BitReader): boolean {
  if (bits.exponential() === 3) bits.read(1);
  bits.exponential();
  bits.exponential();
  bits.read(1);
  return bits.read(1) === 0;
}

function readOrder(bits: BitReader): void {
  const type = bits.exponential();
  if (type === 0) bits.exponential();
  if (type !== 1) return;
  bits.read(1);
  bits.exponential();
  bits.exponential();
  const cycle = Math.min(MAX_CYCLE, bits.exponential());
  for (let n = 0; n < cycle; n++) bits.exponential();
}

/** Without the threes that keep start codes from being found inside a unit. */
function withoutEmulation(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte, at) => !(byte === 3 && at >= 2 && bytes[at - 1] === 0 && bytes[at - 2] === 0));
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether more was read than there was. */
  get exhausted(): boolean {
    return this.#at > this.#bytes.length * 8;
  }

  read(count: number): number {
    let value = 0;
    for (let n = 0; n < count; n++, this.#at++) {
      value = value * 2 + (((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  /** An Exp-Golomb code (§9.1), unsigned; a signed one is as long. */
  exponential(): number {
    let zeros = 0;
    while (zeros < 32 && this.read(1) === 0) zeros += 1;
    return 2 ** zeros - 1 + this.read(zeros);
  }
}
