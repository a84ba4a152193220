import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readWav } from "../../audio/wav.ts";
import { LogMel, MEL_BANDS, MEL_FRAMES, MEL_SAMPLES } from "./log-mel.ts";

const clip = (name: string) =>
  readWav(readFileSync(new URL(`../../../test/fixtures/speech/${name}`, import.meta.url))).samples;
const at = (features: Float32Array, band: number, frame: number) => features[band * MEL_FRAMES + frame];
const logMel = new LogMel();

describe("LogMel", () => {
  /** Values that the model's own Python code gives for the same recordings: `[band, frame, value]`. */
  it.each([
    {
      name: "goforward.wav",
      mean: 0.212831,
      values: [
        [0, 0, 0.006122],
        [0, 799, 0.935987],
        [10, 700, 1.406708],
        [40, 750, 0.337175],
        [79, 640, 0.006122],
        [25, 600, 0.998566],
        [60, 799, 0.278125],
      ],
    },
    {
      name: "librivox-0870.wav",
      mean: 0.528038,
      values: [
        [0, 0, 1.111028],
        [0, 799, 0.9861],
        [10, 700, 1.363449],
        [40, 750, 0.355198],
        [79, 640, -0.095689],
        [25, 600, 0.864164],
        [60, 799, -0.095689],
      ],
    },
  ])("agrees with the reference on $name", ({ name, mean, values }) => {
    const features = logMel.compute(clip(name));
    expect(features.length).toBe(MEL_BANDS * MEL_FRAMES);
    expect(features.reduce((sum, x) => sum + x, 0) / features.length).toBeCloseTo(mean, 4);
    for (const [band = 0, frame = 0, value = 0] of values) expect(at(features, band, frame)).toBeCloseTo(value, 4);
  });

  it("looks at the last 8 s, and takes what is missing for silence before", () => {
    const speech = clip("librivox-0870.wav");
    const long = new Int16Array(MEL_SAMPLES + 16_000);
    long.set(speech, long.length - speech.length);
    long.fill(9_000, 0, 16_000);
    expect(logMel.compute(long)).toEqual(logMel.compute(speech));
  });

  it("gives numbers for silence, and for nothing", () => {
    const silent = logMel.compute(new Int16Array(MEL_SAMPLES));
    expect(new Set(silent)).toEqual(new Set([-1.5]));
    expect(logMel.compute(new Int16Array(0))).toEqual(silent);
  });
});
