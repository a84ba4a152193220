import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpeakerPace } from "./speaker-pace.ts";

const bounds = { silenceMs: 608, minSilenceMs: 512, maxSilenceMs: 1_024 };

const afterTurns = (pace: SpeakerPace, turns: number) => {
  for (let turn = 0; turn < turns; turn++) pace.turnEnded();
  return pace.silenceMs;
};

describe("SpeakerPace", () => {
  it("waits longer at once for somebody who pauses long", () => {
    const pace = new SpeakerPace(bounds);
    pace.wentOnAfter(600);
    expect(pace.silenceMs).toBe(760);
  });

  it("gets shorter step by step for somebody who never pauses, but not in the first turns", () => {
    const pace = new SpeakerPace(bounds);
    expect(afterTurns(pace, 2)).toBe(608);
    expect(afterTurns(pace, 1)).toBe(576);
    expect(afterTurns(pace, 10)).toBe(512);
  });

  it("keeps its distance from the longest pause lately", () => {
    const pace = new SpeakerPace(bounds);
    pace.wentOnAfter(420);
    expect(afterTurns(pace, 20)).toBe(580);
  });

  it("takes a stop within a word for no pause", () => {
    const pace = new SpeakerPace(bounds);
    pace.wentOnAfter(160);
    expect(afterTurns(pace, 20)).toBe(512);
  });

  it("forgets pauses of long ago", () => {
    const pace = new SpeakerPace(bounds);
    pace.wentOnAfter(800);
    for (let i = 0; i < 12; i++) pace.wentOnAfter(300);
    expect(afterTurns(pace, 40)).toBe(512);
  });

  it("stays within its bounds, whatever is heard", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.constant("turn" as const))), (heard) => {
        const pace = new SpeakerPace(bounds);
        for (const item of heard) {
          if (item === "turn") pace.turnEnded();
          else pace.wentOnAfter(item);
          expect(pace.silenceMs).toBeGreaterThanOrEqual(bounds.minSilenceMs);
          expect(pace.silenceMs).toBeLessThanOrEqual(bounds.maxSilenceMs);
        }
      }),
    );
  });
});
