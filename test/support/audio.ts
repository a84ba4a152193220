/** Audio for tests: clips, tones, and how alike two recordings are. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Resampler } from "../../media-node/audio/resample.ts";
import { readWav } from "../../media-node/audio/wav.ts";

const SPEECH = new URL("../fixtures/speech/", import.meta.url);

/** What is said in each clip, by file name. */
export async function transcripts(): Promise<Readonly<Record<string, string>>> {
  return JSON.parse(await readFile(new URL("transcripts.json", SPEECH), "utf8"));
}

/** When the first word of each clip begins; before it there is the room, and in some a breath as loud as speech. */
export const FIRST_WORD_MS: Readonly<Record<string, number>> = {
  "cards-001.wav": 189,
  "cards-003.wav": 107,
  "cards-005.wav": 215,
  "goforward.wav": 488,
  "librivox-0870.wav": 195,
  "librivox-0880.wav": 262,
  "librivox-0890.wav": 266,
};

export function clipPath(name: string): string {
  return fileURLToPath(new URL(name, SPEECH));
}

/** A clip of human speech at 48 kHz mono. */
export async function clip(name: string): Promise<Int16Array> {
  const { sampleRate, samples } = readWav(await readFile(clipPath(name)));
  return new Resampler(sampleRate, 48_000).process(samples);
}

export function silence(durationMs: number): Int16Array {
  return new Int16Array(48 * durationMs);
}

export function tone(durationMs: number, hertz: number, amplitude = 8_000): Int16Array {
  return new Int16Array(48 * durationMs).map((_, i) => amplitude * Math.sin((2 * Math.PI * hertz * i) / 48_000));
}

export function concat(...pieces: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    out.set(piece, offset);
    offset += piece.length;
  }
  return out;
}

/** Root mean square, in dB below full scale. */
export function levelDb(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / Math.max(1, samples.length) / 32_768 ** 2 + 1e-12);
}

/** The strongest normalised correlation of `heard` with `said`, at any delay up to `maxDelayMs`: 1 the same, −1 its negative. */
export function likeness(said: Int16Array, heard: Int16Array, maxDelayMs = 400): number {
  let best = 0;
  const length = Math.min(said.length, 48_000, heard.length - 48 * maxDelayMs);
  for (let delay = 0; delay < 48 * maxDelayMs; delay += 2) {
    let product = 0;
    let power = 0;
    let reference = 0;
    for (let i = 0; i < length; i += 3) {
      const a = said[i] ?? 0;
      const b = heard[i + delay] ?? 0;
      product += a * b;
      power += b * b;
      reference += a * a;
    }
    const value = product / Math.sqrt(power * reference + 1);
    if (Math.abs(value) > Math.abs(best)) best = value;
  }
  return best;
}
