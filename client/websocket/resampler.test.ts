import { describe, expect, it } from "vitest";
import { Resampler } from "./resampler.ts";

const tone = (rate: number, hertz: number, seconds: number): Float32Array =>
  Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));

/** In pieces as a microphone gives them. */
function resample(samples: Float32Array, from: number, to: number, piece = 128): Float32Array {
  const resampler = new Resampler(from, to);
  const out: number[] = [];
  for (let i = 0; i < samples.length; i += piece) out.push(...resampler.process(samples.subarray(i, i + piece)));
  return Float32Array.from(out);
}

const rms = (samples: Float32Array): number => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
/** Without the beginning, where the filter fills. */
const settled = (samples: Float32Array): Float32Array => samples.subarray(200);

describe("resampling", () => {
  it.each([
    [48_000, 24_000],
    [44_100, 24_000],
    [24_000, 48_000],
    [24_000, 44_100],
    [16_000, 24_000],
  ])("from %i to %i keeps a voice's tone and its length", (from, to) => {
    const out = resample(tone(from, 1_000, 0.5), from, to);
    expect(Math.abs(out.length - to / 2)).toBeLessThan(to * 0.003);
    expect(rms(settled(out))).toBeCloseTo(Math.SQRT1_2, 2);
    const peak = out.findIndex((x, i) => i > 300 && x > (out[i - 1] ?? 0) && x >= (out[i + 1] ?? 0));
    const next = out.findIndex((x, i) => i > peak + 4 && x > (out[i - 1] ?? 0) && x >= (out[i + 1] ?? 0));
    expect(Math.abs(next - peak - to / 1_000)).toBeLessThanOrEqual(1);
  });

  it("lets nothing fold back: a tone above the lower rate's half is gone", () => {
    expect(rms(settled(resample(tone(48_000, 15_000, 0.5), 48_000, 24_000)))).toBeLessThan(0.003);
    expect(rms(settled(resample(tone(44_100, 13_500, 0.5), 44_100, 24_000)))).toBeLessThan(0.003);
  });

  it("gives the same whatever the pieces are", () => {
    const samples = tone(44_100, 700, 0.2);
    const whole = resample(samples, 44_100, 24_000, samples.length);
    const pieces = resample(samples, 44_100, 24_000, 37);
    expect(pieces.length).toBe(whole.length);
    expect(Math.max(...pieces.map((x, i) => Math.abs(x - (whole[i] ?? 0))))).toBeLessThan(1e-5);
  });

  it("hands through what has the right rate already", () => {
    const samples = tone(24_000, 500, 0.1);
    expect(resample(samples, 24_000, 24_000)).toEqual(samples);
  });

  it("holds no more than its filter needs, for hours", () => {
    const resampler = new Resampler(44_100, 24_000);
    let length = 0;
    for (let i = 0; i < 20_000; i++) length += resampler.process(new Float32Array(128)).length;
    expect(Math.abs(length - (20_000 * 128 * 24_000) / 44_100)).toBeLessThan(50);
  });
});
