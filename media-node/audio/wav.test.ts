import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readWav, writeWav } from "./wav.ts";

describe("WAV files", () => {
  it("reads back what it wrote, in mono and stereo", () => {
    const samples = Int16Array.of(0, 1, -1, 32_767, -32_768, 5);
    expect(readWav(writeWav(samples, 24_000))).toEqual({ sampleRate: 24_000, channels: 1, samples });
    expect(readWav(writeWav(samples, 48_000, 2))).toEqual({ sampleRate: 48_000, channels: 2, samples });
  });

  it("reads a recording", async () => {
    const file = await readFile(new URL("../../test/fixtures/speech/cards-001.wav", import.meta.url));
    const { sampleRate, channels, samples } = readWav(file);
    expect({ sampleRate, channels }).toEqual({ sampleRate: 16_000, channels: 1 });
    expect(samples.length / sampleRate).toBeCloseTo(1.09, 1);
  });

  it("skips chunks it does not know, of odd length too", () => {
    const plain = writeWav(Int16Array.of(1, 2), 8_000);
    const note = Uint8Array.from([...new TextEncoder().encode("note"), 3, 0, 0, 0, 7, 7, 7, 0]);
    const file = Uint8Array.from([...plain.subarray(0, 36), ...note, ...plain.subarray(36)]);
    expect([...readWav(file).samples]).toEqual([1, 2]);
  });

  it("gives what is there of a recording that was cut off", () => {
    const file = writeWav(Int16Array.of(1, 2, 3), 8_000);
    expect([...readWav(file.subarray(0, -3)).samples]).toEqual([1]);
  });

  it("reads from the middle of a buffer", () => {
    const file = Buffer.concat([Buffer.of(0), writeWav(Int16Array.of(-7), 8_000)]);
    expect([...readWav(file.subarray(1)).samples]).toEqual([-7]);
  });

  it("says what is wrong with other files", () => {
    const eight = writeWav(Int16Array.of(1), 8_000);
    eight[34] = 8;
    const surround = writeWav(Int16Array.of(1), 8_000);
    surround[22] = 6;
    expect(() => readWav(new Uint8Array(0))).toThrow("not a WAV file");
    expect(() => readWav(new TextEncoder().encode("ID3 this is an MP3 file"))).toThrow("not a WAV file");
    expect(() => readWav(eight)).toThrow("16-bit PCM is needed");
    expect(() => readWav(surround)).toThrow("6 channels");
    expect(() => readWav(writeWav(Int16Array.of(1), 8_000).subarray(0, 36))).toThrow("no data");
  });
});
