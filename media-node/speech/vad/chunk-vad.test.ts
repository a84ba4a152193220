import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resample } from "../../audio/resample.ts";
import { readWav } from "../../audio/wav.ts";
import { ChunkVad } from "./chunk-vad.ts";

const { samples } = readWav(readFileSync(new URL("../../../test/fixtures/speech/librivox-0870.wav", import.meta.url)));
const CHUNK = 9_600;
const vad = new ChunkVad();
// The first run on a machine downloads the model.
beforeAll(() => vad.ready(), 300_000);
afterAll(() => vad.close());

/** Seconds of speech in each chunk of the grid. */
async function overTheGrid(recording: Int16Array, sampleRate: number): Promise<number[]> {
  const length = Math.round(0.6 * sampleRate);
  const seconds: number[] = [];
  for (let at = 0; at + length <= recording.length; at += length) {
    const [found] = await vad.vad({ sampleRate, samples: recording.subarray(at, at + length) });
    seconds.push(found);
  }
  return seconds;
}

describe("Silero 4 over chunks (row 47)", () => {
  it("is binary with its defaults: all of a chunk is speech, or nothing", async () => {
    // A room, not digital silence: the model is asked.
    const recording = Int16Array.from({ length: samples.length + 4 * CHUNK }, (_, i) => ((i * 7_919) % 41) - 20);
    recording.set(samples);
    const seconds = await overTheGrid(recording, 16_000);
    expect(new Set(seconds)).toEqual(new Set([0, 0.6]));
    expect(seconds.slice(0, 10)).toEqual(new Array(10).fill(0.6));
    expect(seconds.slice(-3)).toEqual([0, 0, 0]);
  });

  it("judges the chunks of a 48 kHz recording as those of the 16 kHz one", async () => {
    const at16k = await overTheGrid(samples, 16_000);
    const at48k = await overTheGrid(resample(samples, 16_000, 48_000), 48_000);
    expect(at48k.filter((found, index) => found !== at16k[index]).length).toBeLessThanOrEqual(1);
  });

  it("remembers nothing: the same chunk gives the same answer, whatever came between", async () => {
    const chunk = { sampleRate: 16_000, samples: samples.subarray(CHUNK, 2 * CHUNK) };
    const options = { minSilenceDurationMs: 64, speechPadMs: 0, minSpeechDurationMs: 0 };
    const first = await vad.vad(chunk, options);
    await overTheGrid(samples.subarray(0, 10 * CHUNK), 16_000);
    expect(await vad.vad(chunk, options)).toEqual(first);
    expect(chunk.samples.length).toBe(CHUNK);
  });

  it("tells where the speech is once silence separates, and pads nothing", async () => {
    const recording = new Int16Array(5 * CHUNK);
    recording.set(samples.subarray(CHUNK, 3 * CHUNK), CHUNK);
    const [seconds, chunks] = await vad.vad(
      { sampleRate: 16_000, samples: recording },
      { minSilenceDurationMs: 300, speechPadMs: 0 },
    );
    expect(seconds).toBeGreaterThan(0.7);
    expect(seconds).toBeLessThan(1.4);
    expect(chunks[0]?.start).toBeGreaterThanOrEqual(CHUNK - 1_024);
    expect(chunks.at(-1)?.end).toBeLessThanOrEqual(3 * CHUNK + 2_048);
  });

  it.each([0, 1, 8])("hears no speech in silence with a peak of %i, asked or not", async (peak) => {
    const silence = Int16Array.from({ length: CHUNK }, (_, i) => (i % 7 === 0 ? peak : -peak));
    expect(await vad.vad({ sampleRate: 16_000, samples: silence })).toEqual([0, []]);
    // Below this threshold the model itself is asked.
    expect(await vad.vad({ sampleRate: 16_000, samples: silence }, { threshold: 0.09 })).toEqual([0, []]);
  });

  it("takes the window sizes that the model was trained on, and no other", async () => {
    const chunk = { sampleRate: 16_000, samples: samples.subarray(0, CHUNK) };
    for (const windowSizeSamples of [512, 1_536]) {
      expect((await vad.vad(chunk, { windowSizeSamples }))[0]).toBeGreaterThanOrEqual(0);
    }
    await expect(vad.vad(chunk, { windowSizeSamples: 1_000 })).rejects.toThrow("512, 1024, 1536");
  });
});
