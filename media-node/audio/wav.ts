/** Reads and writes WAV files of 16-bit PCM: for recordings, tests and tools, not for streams. */
import type { AudioFrame } from "./frame.ts";

const HEADER_BYTES = 44;
const FORMAT_PCM = 1;
/** A header with a sub-format GUID, as some tools write it even for plain PCM. */
const FORMAT_EXTENSIBLE = 0xfffe;

/** A WAV file's audio: always Int16, channels always set. */
export interface WavAudio extends AudioFrame {
  readonly samples: Int16Array<ArrayBuffer>;
  readonly channels: 1 | 2;
}

/**
 * The audio of a WAV file.
 * @throws RangeError when it is not WAV, or not 16-bit PCM with one or two channels. A `data` chunk that claims more
 *   than the file holds (a recording that was cut off, or streamed) gives what is there.
 */
export function readWav(bytes: Uint8Array): WavAudio {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || tag(0) !== "RIFF" || tag(8) !== "WAVE") throw new RangeError("This is not a WAV file.");

  let format: { sampleRate: number; channels: 1 | 2 } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = tag(at);
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (name === "fmt " && body + 16 <= bytes.length) {
      const kind = view.getUint16(body, true);
      const channels = view.getUint16(body + 2, true);
      const bits = view.getUint16(body + 14, true);
      const sampleRate = view.getUint32(body + 4, true);
      if ((kind !== FORMAT_PCM && kind !== FORMAT_EXTENSIBLE) || bits !== 16 || sampleRate === 0) {
        throw new RangeError(`The WAV file is format ${kind} with ${bits} bits; 16-bit PCM is needed.`);
      }
      if (channels !== 1 && channels !== 2) throw new RangeError(`The WAV file has ${channels} channels; 1 or 2 work.`);
      format = { sampleRate, channels };
    } else if (name === "data") {
      if (format === undefined) throw new RangeError("The WAV file has no format before its data.");
      const whole = 2 * format.channels;
      const length = Math.floor(Math.min(size, bytes.length - body) / whole) * format.channels;
      const samples = Int16Array.from({ length }, (_, i) => view.getInt16(body + 2 * i, true));
      return { ...format, samples };
    }
    // Chunks start at even positions.
    at = body + size + (size % 2);
  }
  throw new RangeError("The WAV file has no data.");
}

/** A WAV file of 16-bit PCM. `samples` are interleaved when `channels` is 2. */
export function writeWav(samples: Int16Array, sampleRate: number, channels: 1 | 2 = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  const tag = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  };
  tag(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  tag(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, FORMAT_PCM, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  tag(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  for (let i = 0; i < samples.length; i++) view.setInt16(HEADER_BYTES + 2 * i, samples[i] ?? 0, true);
  return bytes;
}
