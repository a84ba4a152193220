/** G.711, what telephones speak: eight bits a sample on a logarithmic scale, µ-law and A-law, by tables. ITU-T G.711. */
import type { G711Law } from "../../shared/telephone/call-message.ts";

/** What both laws are for a byte, and a byte for what. */
export interface G711 {
  /** One sample per byte. */
  decode(bytes: Uint8Array): Int16Array<ArrayBuffer>;
  /** One byte per sample; what does not fit the scale is clipped. */
  encode(samples: Int16Array): Uint8Array<ArrayBuffer>;
  /** The byte that stands for silence. */
  readonly silence: number;
}

/** µ-law's scale, in 16 bits: what is added before the logarithm is taken, and the most that then has a byte. */
const BIAS = 132;
const MOST = 32_635;

/** Tables are built when a law is first asked for: A-law's is not in America. */
const built = new Map<G711Law, G711>();

export function g711(law: G711Law): G711 {
  const existing = built.get(law);
  if (existing !== undefined) return existing;
  const codec = law === "mulaw" ? tabled(decodeMulaw, encodeMulaw) : tabled(decodeAlaw, encodeAlaw);
  built.set(law, codec);
  return codec;
}

/** @param encodeOne takes samples of 16 bits, multiples of four: no law tells more of them apart. */
function tabled(decodeOne: (byte: number) => number, encodeOne: (sample: number) => number): G711 {
  const samplesOf = Int16Array.from({ length: 256 }, (_, byte) => decodeOne(byte));
  const bytesOf = Uint8Array.from({ length: 1 << 14 }, (_, index) => encodeOne((index << 2) - 32_768));
  const byteOf = (sample: number): number => bytesOf[(sample + 32_768) >> 2] ?? 0;
  // Loops, since every frame of every call comes by here: `from` with a function takes over ten times as long.
  return {
    decode: (bytes) => {
      const samples = new Int16Array(bytes.length);
      for (let i = 0; i < bytes.length; i++) samples[i] = samplesOf[bytes[i] ?? 0] ?? 0;
      return samples;
    },
    encode: (samples) => {
      const bytes = new Uint8Array(samples.length);
      for (let i = 0; i < samples.length; i++) bytes[i] = byteOf(samples[i] ?? 0);
      return bytes;
    },
    silence: byteOf(0),
  };
}

function decodeMulaw(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + BIAS) << ((value >> 4) & 0x07)) - BIAS;
  return (value & 0x80) === 0 ? magnitude : -magnitude;
}

function encodeMulaw(sample: number): number {
  const magnitude = Math.min(MOST, Math.abs(sample)) + BIAS;
  const exponent = 24 - Math.clz32(magnitude);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
}

function decodeAlaw(byte: number): number {
  const value = byte ^ 0x55;
  const exponent = (value >> 4) & 0x07;
  const mantissa = (value & 0x0f) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return (value & 0x80) === 0 ? -magnitude : magnitude;
}

function encodeAlaw(sample: number): number {
  const negative = sample < 0;
  const magnitude = (negative ? -sample - 1 : sample) >> 3;
  const exponent = Math.max(0, 27 - Math.clz32(magnitude));
  const mantissa = (exponent < 2 ? magnitude >> 1 : magnitude >> exponent) & 0x0f;
  return ((negative ? 0 : 0x80) | (exponent << 4) | mantissa) ^ 0x55;
}
