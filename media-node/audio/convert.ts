/** FastRTC's audio utilities: between sample formats, to files and bytes, and from a provider's stream of bytes. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EdgeRtcError } from "../../shared/errors.ts";
import { type AudioFrame, toFloat32, toInt16 } from "./frame.ts";
import { writeWav } from "./wav.ts";

type Samples = Int16Array | Float32Array;
/** A frame, or FastRTC's tuple. */
export type Audio = AudioFrame | readonly [sampleRate: number, samples: Samples, layout?: "mono" | "stereo"];

/**
 * Samples as Float32 in −1…1: Int16 divided by 32768. Float32 is returned as it is. Stereo stays interleaved.
 * @throws EdgeRtcError `invalid_audio` for samples of another type.
 */
export function audioToFloat32(audio: Samples | Audio): Float32Array {
  return toFloat32(samplesOf(audio));
}

/**
 * Samples as Int16: Float32 times 32767, truncated. What is beyond −1…1 is clipped; FastRTC's wraps around, which crackles.
 * Int16 is returned as it is. Stereo stays interleaved.
 * @throws EdgeRtcError `invalid_audio` for samples of another type.
 */
export function audioToInt16(audio: Samples | Audio): Int16Array {
  return toInt16(samplesOf(audio));
}

/**
 * A WAV file of 16-bit PCM, for whatever takes audio files: transcription services, `data:` URLs. FastRTC's is MP3, but the
 * encoders there are for it come with LAME's licence (LGPL); speech services and browsers take WAV as well.
 * @throws EdgeRtcError `invalid_audio`.
 */
export function audioToBytes(audio: Audio): Uint8Array<ArrayBuffer> {
  const { sampleRate, samples, channels = 1 } = frameOf(audio);
  if (!Number.isInteger(sampleRate) || sampleRate <= 0) {
    throw new EdgeRtcError("invalid_audio", `The audio's sample rate is ${sampleRate}.`);
  }
  return writeWav(toInt16(samplesOf(samples)), sampleRate, channels);
}

/**
 * Writes {@link audioToBytes} to a new file that only this user can read.
 * @returns its path, ending in `.wav`, in a directory of its own. Both are the caller's to remove.
 * @throws EdgeRtcError `invalid_audio`; what the file system throws.
 */
export async function audioToFile(audio: Audio): Promise<string> {
  const bytes = audioToBytes(audio);
  const path = join(await mkdtemp(join(tmpdir(), "edgertc-")), "audio.wav");
  await writeFile(path, bytes, { mode: 0o600 });
  return path;
}

/**
 * Whole 16-bit samples out of pieces of bytes of any length, little-endian: a byte that is left over waits for the next piece.
 * The last one, should it have no other half, is dropped.
 */
export function* aggregateBytesTo16Bit(
  pieces: Iterable<Uint8Array>,
): Generator<Int16Array<ArrayBuffer>, void, undefined> {
  const bytes = new OddBytes();
  for (const piece of pieces) {
    const samples = bytes.push(piece);
    if (samples.length > 0) yield samples;
  }
}

/** {@link aggregateBytesTo16Bit} for pieces that are still to come, such as a response's body. */
export async function* asyncAggregateBytesTo16Bit(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Int16Array<ArrayBuffer>, void, undefined> {
  const bytes = new OddBytes();
  for await (const piece of pieces) {
    const samples = bytes.push(piece);
    if (samples.length > 0) yield samples;
  }
}

/** Cuts bytes into samples, and keeps the byte that is left over. */
class OddBytes {
  #rest: number | undefined;

  push(piece: Uint8Array): Int16Array<ArrayBuffer> {
    const all = this.#rest === undefined ? piece : prepend(this.#rest, piece);
    const count = all.length >> 1;
    this.#rest = all.length % 2 === 1 ? all[all.length - 1] : undefined;
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    return Int16Array.from({ length: count }, (_, i) => view.getInt16(2 * i, true));
  }
}

function prepend(byte: number, piece: Uint8Array): Uint8Array {
  const all = new Uint8Array(piece.length + 1);
  all[0] = byte;
  all.set(piece, 1);
  return all;
}

function frameOf(audio: Audio): AudioFrame {
  if (!isTuple(audio)) return audio;
  const [sampleRate, samples, layout] = audio;
  return { sampleRate, samples, channels: layout === "stereo" ? 2 : 1 };
}

function samplesOf(audio: Samples | Audio): Samples {
  const samples: unknown = ArrayBuffer.isView(audio) ? audio : frameOf(audio).samples;
  if (samples instanceof Int16Array || samples instanceof Float32Array) return samples;
  const type = Object.prototype.toString.call(samples).slice(8, -1);
  throw new EdgeRtcError("invalid_audio", `Unsupported audio data type: ${type}.`);
}

function isTuple(audio: Audio): audio is Exclude<Audio, AudioFrame> {
  return Array.isArray(audio);
}
