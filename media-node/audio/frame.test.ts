import { describe, expect, it } from "vitest";
import { frameDurationMs, toFloat32, toInt16, toMono, toMonoFrame } from "./frame.ts";

describe("sample formats", () => {
  it("divides int16 by 32768", () => {
    expect([...toFloat32(Int16Array.of(-32_768, 0, 16_384))]).toEqual([-1, 0, 0.5]);
  });

  it("multiplies float32 by 32767 and truncates towards zero", () => {
    expect([...toInt16(Float32Array.of(1, -1, 0.5, -0.5))]).toEqual([32_767, -32_767, 16_383, -16_383]);
  });

  it("clips what is too loud instead of wrapping around", () => {
    expect([...toInt16(Float32Array.of(1.5, -1.5))]).toEqual([32_767, -32_768]);
  });

  it("turns a sample that is not a number into silence", () => {
    expect([...toInt16(Float32Array.of(Number.NaN))]).toEqual([0]);
  });

  it("leaves samples alone that have the format already", () => {
    const floats = Float32Array.of(0.1);
    const ints = Int16Array.of(7);
    expect(toFloat32(floats)).toBe(floats);
    expect(toInt16(ints)).toBe(ints);
  });
});

describe("channels", () => {
  it("averages interleaved stereo without overflow", () => {
    const mono = toMono({ sampleRate: 48_000, channels: 2, samples: Int16Array.of(30_000, 32_000, -10, 10) });
    expect([...mono]).toEqual([31_000, 0]);
  });

  it("returns mono as it is", () => {
    const samples = Float32Array.of(0.25);
    expect(toMono({ sampleRate: 16_000, samples })).toBe(samples);
    const frame = { sampleRate: 16_000, samples: Int16Array.of(1, 2) };
    expect(toMonoFrame(frame)).toBe(frame);
    const stereo = { sampleRate: 16_000, channels: 2, samples: Float32Array.of(0.5, 0.5) } as const;
    expect(toMonoFrame(stereo)).toEqual({ sampleRate: 16_000, samples: Int16Array.of(16_383) });
  });

  it("measures a frame's length per channel", () => {
    expect(frameDurationMs({ sampleRate: 48_000, channels: 2, samples: new Int16Array(1_920) })).toBe(20);
  });
});
