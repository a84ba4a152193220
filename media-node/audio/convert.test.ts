import { readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aggregateBytesTo16Bit,
  asyncAggregateBytesTo16Bit,
  audioToBytes,
  audioToFile,
  audioToFloat32,
  audioToInt16,
} from "./convert.ts";
import { readWav } from "./wav.ts";

const samples = Int16Array.of(-32_768, -1, 0, 1, 32_767);
const frame = { sampleRate: 24_000, samples };

describe("audio utilities (row 70)", () => {
  it("audioToFloat32 divides by 32768, and leaves floats alone", () => {
    expect([...audioToFloat32(samples)]).toEqual([-1, -1 / 32_768, 0, 1 / 32_768, 32_767 / 32_768]);
    const floats = Float32Array.of(0.1, -2);
    expect(audioToFloat32(floats)).toBe(floats);
    expect(audioToFloat32(frame)).toEqual(audioToFloat32(samples));
    expect(audioToFloat32([24_000, samples])).toEqual(audioToFloat32(samples));
  });

  it("audioToInt16 multiplies by 32767 and truncates, and clips where FastRTC wraps around", () => {
    expect([...audioToInt16(Float32Array.of(0.1, -0.2, 0.3, 1, -1))]).toEqual([3_276, -6_553, 9_830, 32_767, -32_767]);
    expect([...audioToInt16(Float32Array.of(1.5, -1.5, Number.POSITIVE_INFINITY))]).toEqual([32_767, -32_768, 32_767]);
    expect(audioToInt16(samples)).toBe(samples);
  });

  it.each([new Float64Array(2), new Uint8Array(2), [0.1, 0.2]])("refuses samples of another type: %o", (given) => {
    // What a stream file in JavaScript may pass.
    expect(() => audioToFloat32(given as unknown as Float32Array)).toThrow("Unsupported audio data type");
    expect(() => audioToInt16({ sampleRate: 8_000, samples: given as unknown as Float32Array })).toThrow(
      "Unsupported audio data type",
    );
  });

  it("audioToBytes makes a WAV file of any audio, floats and stereo included", () => {
    expect(readWav(audioToBytes(frame))).toEqual({ ...frame, channels: 1 });
    const floats = { sampleRate: 48_000, samples: Float32Array.of(0.5, -0.5), channels: 2 as const };
    expect(readWav(audioToBytes(floats))).toEqual({
      sampleRate: 48_000,
      samples: Int16Array.of(16_383, -16_383),
      channels: 2,
    });
    expect(readWav(audioToBytes([8_000, samples, "stereo"]))).toMatchObject({ sampleRate: 8_000, channels: 2 });
    expect(() => audioToBytes([0, samples])).toThrow("sample rate is 0");
  });

  it("audioToFile writes a new file at each call, for this user only", async () => {
    const paths = await Promise.all([audioToFile(frame), audioToFile(frame)]);
    expect(new Set(paths).size).toBe(2);
    for (const path of paths) {
      expect(path).toMatch(/\.wav$/);
      expect(readWav(await readFile(path)).samples).toEqual(samples);
      expect((await stat(path)).mode & 0o077).toBe(0);
      await rm(dirname(path), { recursive: true });
    }
  });
});

describe("aggregateBytesTo16Bit (row 70)", () => {
  it("carries an odd byte into the next piece, and drops the last", () => {
    const pieces = [Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3), Uint8Array.of(255), Uint8Array.of(9)];
    expect([...aggregateBytesTo16Bit(pieces)]).toEqual([Int16Array.of(0x0201), Int16Array.of(-253)]);
  });

  it("gives the same samples however the bytes are cut, and as they come", async () => {
    const cut = fc.array(
      fc.uint8Array({ maxLength: 9 }).map((bytes) => Uint8Array.from(bytes)),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(cut, async (pieces) => {
        const bytes = Buffer.concat(pieces);
        const whole = Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
        expect([...aggregateBytesTo16Bit(pieces)].flatMap((piece) => [...piece])).toEqual(whole);
        const later: number[] = [];
        for await (const piece of asyncAggregateBytesTo16Bit(ReadableStream.from(pieces))) later.push(...piece);
        expect(later).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });
});
