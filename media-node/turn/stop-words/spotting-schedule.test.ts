import { describe, expect, it } from "vitest";
import { DEFAULT_SPEECH, VAD_WINDOW_MS } from "../speech-detector.ts";
import { SpottingSchedule } from "./spotting-schedule.ts";

/** At which milliseconds it is time, for pieces of sound of so many milliseconds each. */
function times(...pieces: readonly (readonly [probability: number, durationMs: number])[]): number[] {
  const schedule = new SpottingSchedule(DEFAULT_SPEECH);
  const found: number[] = [];
  let nowMs = 0;
  for (const [probability, durationMs] of pieces) {
    for (const untilMs = nowMs + durationMs; nowMs < untilMs; ) {
      nowMs += VAD_WINDOW_MS;
      if (schedule.push(probability)) found.push(nowMs);
    }
  }
  return found;
}

describe("SpottingSchedule", () => {
  it("asks nothing of silence, nor of a click", () => {
    expect(times([0.01, 60_000])).toEqual([]);
    expect(times([0.9, 64], [0.01, 1_000])).toEqual([]);
  });

  it("looks 192 ms after something was said, once", () => {
    expect(times([0.01, 320], [0.9, 640], [0.01, 5_000])).toEqual([320 + 640 + 192]);
  });

  it("looks about every second while somebody goes on, and at what came after the last look", () => {
    expect(times([0.9, 2_560], [0.01, 1_000])).toEqual([960, 1_920, 2_560 + 192]);
    expect(times([0.9, 960], [0.01, 1_000])).toEqual([960]);
  });

  it("looks at most as often over a stutter as over speech", () => {
    const stutter = Array.from({ length: 20 }, () => [[0.9, 96] as const, [0.01, 224] as const]).flat();
    const spoken = times(...stutter);
    expect(spoken.length).toBe(20);
    expect(Math.min(...spoken.slice(1).map((at, i) => at - (spoken[i] ?? 0)))).toBeGreaterThanOrEqual(288);
  });
});
