import { describe, expect, it } from "vitest";
import { withoutLeadingSilence } from "./leading-silence.ts";

const RATE = 16_000;
/** 200 ms of Flite's hum, then a second of sound, then the hum again. */
const sentence = Int16Array.from({ length: 1.4 * RATE }, (_, i) => {
  const sounds = i >= 0.2 * RATE && i < 1.2 * RATE;
  return Math.round((sounds ? 8_000 : 30) * Math.sin(i));
});

describe("withoutLeadingSilence", () => {
  it("leaves a little before the first sound, and all that follows", () => {
    const cut = withoutLeadingSilence(sentence, RATE);
    expect(cut.length).toBe(1.24 * RATE);
    expect([...cut]).toEqual([...sentence.subarray(0.16 * RATE)]);
  });

  it("leaves alone what begins with a sound, and what has none", () => {
    const sound = sentence.subarray(0.2 * RATE);
    expect(withoutLeadingSilence(sound, RATE)).toEqual(sound);
    const silence = sentence.subarray(0, 0.2 * RATE);
    expect(withoutLeadingSilence(silence, RATE)).toEqual(silence);
    expect(withoutLeadingSilence(new Int16Array(0), RATE)).toHaveLength(0);
  });
});
