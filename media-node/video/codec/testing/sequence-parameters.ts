/** H.264's sequence parameters for tests, as an encoder would write them. */

export interface Sequence {
  /** In macroblocks of 16 pixels. */
  readonly width: number;
  readonly height: number;
  /** Default: 66, baseline. */
  readonly profile?: number;
  /** Of the order of pictures. Default: 2, as they come. */
  readonly order?: 0 | 1 | 2;
  /** Rows are in fields, two by two. */
  readonly interlaced?: boolean;
}

/** The unit, start code left out. */
export function sequenceParameters({
  width,
  height,
  profile = 66,
  order = 2,
  interlaced = false,
}: Sequence): Uint8Array {
  const high = profile === 100 ? `${ue(1)}${ue(0)}${ue(0)}00` : "";
  const orders = { 0: `${ue(0)}${ue(4)}`, 1: `${ue(1)}0${ue(0)}${ue(0)}${ue(2)}${ue(1)}${ue(2)}`, 2: ue(2) };
  const size = `${ue(width - 1)}${ue((interlaced ? height / 2 : height) - 1)}${interlaced ? "00" : "1"}`;
  const bits = `${ue(0)}${high}${ue(0)}${orders[order]}${ue(1)}0${size}1001`;
  const bytes = bits.match(/.{1,8}/g)?.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2)) ?? [];
  const escaped: number[] = [];
  for (const byte of [0x67, profile, 0xc0, 31, ...bytes]) {
    if (byte <= 3 && escaped.at(-1) === 0 && escaped.at(-2) === 0) escaped.push(3);
    escaped.push(byte);
  }
  return Uint8Array.from(escaped);
}

/** Exp-Golomb. */
function ue(value: number): string {
  const binary = (value + 1).toString(2);
  return "0".repeat(binary.length - 1) + binary;
}
