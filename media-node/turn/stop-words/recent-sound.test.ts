import { describe, expect, it } from "vitest";
import { RecentSound } from "./recent-sound.ts";

const RATE = 16_000;

/** Sound of windows of 32 ms; a frame's samples are its number. */
function sound(...probabilities: readonly number[]): RecentSound {
  const recent = new RecentSound();
  for (const [i, probability] of probabilities.entries()) {
    recent.push({ frame: { sampleRate: RATE, samples: new Int16Array(512).fill(i + 1) } });
    recent.push({ probability });
  }
  return recent;
}

const silence = (count: number) => new Array<number>(count).fill(0.01);

describe("RecentSound", () => {
  it("keeps two seconds, and positions hold when the oldest goes", () => {
    const recent = sound(...silence(62));
    const position = recent.position("now");
    for (let i = 0; i < 10; i++)
      recent.push({ frame: { sampleRate: RATE, samples: new Int16Array(512).fill(100 + i) } });
    expect(recent.since(position)).toHaveLength(10);
    expect(recent.since(0).filter((entry) => "frame" in entry)).toHaveLength(62);
  });

  it("gives the audio from 320 ms before the first speech on", () => {
    const { samples } = sound(...silence(40), 0.9, ...silence(5)).speech(RATE, 0.5);
    // The 41st window is speech; with it end ten windows.
    expect([samples[0], samples.at(-1)]).toEqual([32, 46]);
  });

  it("finds the moment shortly before now", () => {
    const recent = sound(...silence(40));
    const frames = recent.since(recent.position("shortly_before")).filter((entry) => "frame" in entry);
    expect(frames).toHaveLength(10);
    expect(recent.since(recent.position("now"))).toEqual([]);
    expect(sound().position("shortly_before")).toBe(0);
  });
});
