/** What the clients say: recorded speech, silence, a quiet room; and Opus packets of it, coded once and sent often. */
import { Application, createDecoder, createEncoder } from "libopus-wasm";
import { clip, silence } from "../../test/support/audio.ts";

export const SAMPLE_RATE = 48_000;
export const FRAME_SAMPLES = 960;
/** Speech begins and ends where it rises above this share of its peak: −30 dB. */
const AUDIBLE_SHARE = 0.03;

/** Opus as voice applications send it: 32 kbit/s mono, no DTX. Twice round, so that its end joins its beginning. */
export async function encode(pcm: Int16Array): Promise<Buffer[]> {
  const encoder = await createEncoder({ channels: 1, bitrate: 32_000, application: Application.Voip, complexity: 8 });
  try {
    const round = () => frames(pcm).map((frame) => Buffer.from(encoder.encode(frame)));
    round();
    return round();
  } finally {
    encoder.free();
  }
}

/** The PCM of packets in a row, 960 samples each. */
export async function decode(packets: readonly Uint8Array[]): Promise<Int16Array> {
  const decoder = await createDecoder({ channels: 1 });
  try {
    const pcm = new Int16Array(packets.length * FRAME_SAMPLES);
    for (const [i, packet] of packets.entries()) {
      pcm.set(Int16Array.from(decoder.decode(packet)).subarray(0, FRAME_SAMPLES), i * FRAME_SAMPLES);
    }
    return pcm;
  } finally {
    decoder.free();
  }
}

/** One sentence without a pause of more than 200 ms, from its first word to its last. */
export async function sentence(): Promise<Int16Array> {
  // A breath before the first word would be cut off otherwise as if it were speech.
  const recording = (await clip("librivox-0880.wav")).subarray(0.24 * SAMPLE_RATE);
  return recording.subarray(firstAudible(recording), lastAudible(recording) + 1);
}

/** Ten seconds of speech. */
export async function speech(): Promise<Int16Array> {
  const out = new Int16Array(10 * SAMPLE_RATE);
  out.set(await clip("librivox-0870.wav"));
  out.set((await clip("librivox-0880.wav")).subarray(0, 2.8 * SAMPLE_RATE), 7.1 * SAMPLE_RATE);
  return out;
}

/** A room in which nobody speaks: noise below 1 kHz mostly, at this level. The same at every call. */
export function roomNoise(durationMs: number, levelDb: number): Int16Array {
  let seed = 1;
  let low = 0;
  const noise = Float64Array.from({ length: 48 * durationMs }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    low += 0.12 * (seed / 2 ** 31 - 1 - low);
    return low;
  });
  const rms = Math.sqrt(noise.reduce((sum, x) => sum + x * x, 0) / noise.length);
  const gain = (32_768 * 10 ** (levelDb / 20)) / rms;
  return Int16Array.from(noise, (x) => Math.round(gain * x));
}

/** The sentence with a pause put into it at `share` of its length, where a word is at its loudest. */
export function withPause(pcm: Int16Array, share: number, pauseMs: number): Int16Array {
  const middle = Math.round((share * pcm.length) / FRAME_SAMPLES);
  const near = Array.from({ length: 13 }, (_, i) => middle - 6 + i);
  const cut = near.reduce((best, frame) => (energy(pcm, frame) > energy(pcm, best) ? frame : best), middle);
  const at = cut * FRAME_SAMPLES + FRAME_SAMPLES / 2;
  const pause = silence(pauseMs);
  const out = new Int16Array(pcm.length + pause.length);
  out.set(pcm.subarray(0, at));
  out.set(pcm.subarray(at), at + pause.length);
  return out;
}

/** `pcm` with silence before it, and after it up to a whole length. */
export function padded(pcm: Int16Array, leadMs: number, durationMs: number): Int16Array {
  const out = silence(durationMs);
  out.set(pcm, 48 * leadMs);
  return out;
}

export function firstAudible(pcm: Int16Array): number {
  const floor = audibleFloor(pcm);
  return pcm.findIndex((sample) => Math.abs(sample) >= floor);
}

export function lastAudible(pcm: Int16Array): number {
  const floor = audibleFloor(pcm);
  return pcm.findLastIndex((sample) => Math.abs(sample) >= floor);
}

function audibleFloor(pcm: Int16Array): number {
  return AUDIBLE_SHARE * pcm.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
}

function energy(pcm: Int16Array, frame: number): number {
  return pcm.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES).reduce((sum, x) => sum + x * x, 0);
}

function frames(pcm: Int16Array): Int16Array[] {
  return Array.from({ length: Math.floor(pcm.length / FRAME_SAMPLES) }, (_, i) =>
    pcm.subarray(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES),
  );
}
