import { describe, expect, it } from "vitest";
import { Resampler, resample, resampleToFloat } from "./resample.ts";

const RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const PAIRS = RATES.flatMap((from) => RATES.filter((to) => to !== from).map((to) => [from, to] as const));

const tone = (hz: number, rate: number, length = rate, amplitude = 10_000) =>
  Int16Array.from({ length }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rate)));

/** Amplitude and phase of one frequency in the middle of a recording, where no edge is near. */
function measure(samples: Int16Array, hz: number, rate: number) {
  const from = Math.floor(samples.length / 4);
  const to = Math.floor((samples.length * 3) / 4);
  let sine = 0;
  let cosine = 0;
  let weights = 0;
  for (let i = from; i < to; i++) {
    // A Hann window keeps other frequencies, and the cut at the ends, out of the sum.
    const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * (i - from)) / (to - from));
    const angle = (2 * Math.PI * hz * i) / rate;
    sine += weight * (samples[i] ?? 0) * Math.sin(angle);
    cosine += weight * (samples[i] ?? 0) * Math.cos(angle);
    weights += weight;
  }
  return { amplitude: (2 * Math.hypot(sine, cosine)) / weights, phase: Math.atan2(cosine, sine) };
}

const peak = (samples: Int16Array) => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
const decibels = (ratio: number) => 20 * Math.log10(ratio);

describe("resample", () => {
  it.each(PAIRS)("keeps a tone's frequency, level and place in time from %i to %i Hz", (from, to) => {
    for (const hz of [200, 0.33 * Math.min(from, to)]) {
      const { amplitude, phase } = measure(resample(tone(hz, from), from, to), hz, to);
      expect(Math.abs(decibels(amplitude / 10_000))).toBeLessThan(0.2);
      expect(Math.abs(phase)).toBeLessThan(0.02);
    }
  });

  it.each(PAIRS.filter(([from, to]) => from > to))(
    "rejects what %i Hz can hold and %i Hz can not, by 50 dB",
    (from, to) => {
      for (const hz of [to * 0.51, (to + from) / 4, from * 0.49]) {
        const out = resample(tone(hz, from), from, to);
        // The recording starts and ends abruptly: the cut itself is audible at any rate.
        expect(decibels(peak(out.subarray(200, -200)) / 10_000)).toBeLessThan(-50);
      }
    },
  );

  it.each(PAIRS.filter(([from, to]) => from < to))("adds no mirror images from %i to %i Hz, by 50 dB", (from, to) => {
    const hz = from * 0.33;
    const out = resample(tone(hz, from), from, to);
    for (const image of [from - hz, from + hz, 2 * from - hz].filter((frequency) => frequency < to / 2)) {
      expect(decibels(measure(out, image, to).amplitude / 10_000)).toBeLessThan(-50);
    }
  });

  it("keeps the length's ratio and takes recordings of no length", () => {
    expect(resample(new Int16Array(441), 44_100, 48_000)).toHaveLength(480);
    expect(resample(new Int16Array(1), 48_000, 16_000)).toHaveLength(1);
    expect(resample(new Int16Array(0), 48_000, 16_000)).toHaveLength(0);
    expect(resample(Int16Array.of(1, 2), 8_000, 8_000)).toEqual(Int16Array.of(1, 2));
  });
});

describe("Resampler", () => {
  it.each(PAIRS)("gives the same for chunks as for the whole, from %i to %i Hz", (from, to) => {
    const input = tone(0.1 * from, from, 3_000);
    const whole = new Resampler(from, to).process(input);
    const chunked = new Resampler(from, to);
    const parts: number[] = [];
    for (let at = 0, size = 1; at < input.length; at += size, size = (size * 7) % 401) {
      parts.push(...chunked.process(input.subarray(at, at + size)));
    }
    expect(Int16Array.from(parts)).toEqual(whole);
  });

  it("turns each 20 ms frame into one 20 ms frame", () => {
    const resampler = new Resampler(48_000, 16_000);
    for (let i = 0; i < 5; i++) expect(resampler.process(new Int16Array(960))).toHaveLength(320);
  });

  it("hands out the tail on flush and starts afresh", () => {
    const resampler = new Resampler(16_000, 48_000);
    const input = tone(440, 16_000, 320);
    const first = [...resampler.process(input), ...resampler.flush()];
    expect(first).toHaveLength(960 + resampler.latencySamples);
    expect(peak(Int16Array.from(first.slice(960)))).toBeGreaterThan(1_000);
    expect([...resampler.process(input), ...resampler.flush()]).toEqual(first);
  });

  it("is late by the latency it tells", () => {
    const resampler = new Resampler(48_000, 16_000);
    const click = new Int16Array(960);
    click[300] = 30_000;
    const out = resampler.process(click);
    expect(out.indexOf(peak(out))).toBe(100 + resampler.latencySamples);
    expect(resampler.latencyMs).toBeCloseTo(0.6875, 5);
  });

  it("clips instead of wrapping around", () => {
    const square = Int16Array.from({ length: 480 }, (_, i) => (i % 48 < 24 ? 32_767 : -32_768));
    const out = resample(square, 24_000, 48_000);
    for (let i = 20; i < 40; i++) expect(out[i]).toBeGreaterThan(20_000);
    expect(peak(out)).toBeGreaterThanOrEqual(32_767);
  });

  it.each([16_000, 24_000, 48_000])("keeps a telephone's band between 8000 and %i Hz, and only that", (rate) => {
    const down = (hz: number) => {
      const out = new Resampler(rate, 8_000).process(tone(hz, rate));
      return decibels(peak(out.subarray(400, -400)) / 10_000);
    };
    for (const hz of [300, 1_000, 2_500, 3_400]) expect(Math.abs(down(hz))).toBeLessThan(0.5);
    for (const hz of [4_050, 5_000, 0.45 * rate]) expect(down(hz)).toBeLessThan(-50);
    const up = new Resampler(8_000, rate).process(tone(3_300, 8_000));
    expect(Math.abs(decibels(measure(up, 3_300, rate).amplitude / 10_000))).toBeLessThan(0.5);
    expect(decibels(measure(up, 4_700, rate).amplitude / 10_000)).toBeLessThan(-50);
  });

  it.each([0, -8_000, 16_000.5, Number.NaN])("refuses %d Hz", (rate) => {
    expect(() => new Resampler(rate, 16_000)).toThrow(RangeError);
  });
});

describe("resampleToFloat", () => {
  it.each([...PAIRS.slice(0, 6), [16_000, 16_000] as const])(
    "is what resample gives, unrounded, from %i to %i Hz",
    (from, to) => {
      const samples = tone(200, from, from / 10, 30);
      const rounded = resample(samples, from, to);
      const exact = resampleToFloat(samples, from, to);
      expect(exact.length).toBe(rounded.length);
      expect(exact.every((value, i) => Math.abs(value * 32_768 - (rounded[i] ?? 0)) <= 0.501)).toBe(true);
      if (from !== to) expect(exact.some((value) => !Number.isInteger(value * 32_768))).toBe(true);
    },
  );
});
