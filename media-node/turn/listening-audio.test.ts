import { describe, expect, it } from "vitest";
import { ListeningAudio } from "./listening-audio.ts";

const tone = (length: number): Int16Array => new Int16Array(length).map((_, i) => 8_000 * Math.sin(i / 20));
const length = (audio: ListeningAudio, pieces: readonly Int16Array[]): number =>
  pieces.reduce((sum, piece) => sum + audio.convert(piece).length, 0);

describe("ListeningAudio", () => {
  it("leaves 16 kHz as it is", () => {
    const samples = tone(320);
    expect(new ListeningAudio(16_000).convert(samples)).toBe(samples);
  });

  it("keeps the length of sound, silence and their changes", () => {
    const audio = new ListeningAudio(48_000);
    const silence = new Int16Array(960);
    expect(length(audio, [tone(960), silence, silence, silence, tone(960), tone(960), silence])).toBe(7 * 320);
  });

  it("hears sound after silence as it does at the start", () => {
    const audio = new ListeningAudio(48_000);
    for (let n = 0; n < 5; n++) audio.convert(new Int16Array(960));
    expect(audio.convert(tone(960))).toEqual(new ListeningAudio(48_000).convert(tone(960)));
  });

  it("lets the end of a sound ring out", () => {
    const audio = new ListeningAudio(48_000);
    audio.convert(tone(960));
    expect(audio.convert(new Int16Array(960)).some((sample) => sample !== 0)).toBe(true);
  });

  it("does not lose samples where a piece has no whole length at 16 kHz", () => {
    const audio = new ListeningAudio(22_050);
    const silence = new Int16Array(441);
    expect(
      Math.abs(
        length(
          audio,
          Array.from({ length: 50 }, () => silence),
        ) - 16_000,
      ),
    ).toBeLessThan(2);
  });
});
