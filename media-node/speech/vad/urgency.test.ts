import { describe, expect, it } from "vitest";
import {
  BATCH_DELAY_MS,
  CALM_DELAY_MS,
  delayMs,
  PATIENT_DELAY_MS,
  QUIET_DELAY_MS,
  urgencyOf,
  type WindowFacts,
} from "./urgency.ts";

/** The one that decides may come so much after its end. */
const FRAME_MS = 20;

const facts = (given: Partial<WindowFacts> = {}): WindowFacts => ({
  index: 10,
  reportedIndex: 9,
  awaited: undefined,
  isLoud: () => false,
  isAlert: false,
  ...given,
});
const waits = (given: Partial<WindowFacts>) => delayMs(urgencyOf(facts(given)), BATCH_DELAY_MS);

describe("how long a window may wait", () => {
  it("is not long where it is loud, whatever the session did before", () => {
    for (const awaited of [undefined, "speech"] as const) {
      expect(waits({ awaited, isLoud: () => true })).toBe(BATCH_DELAY_MS);
      expect(waits({ awaited, isLoud: () => true, isAlert: true })).toBe(BATCH_DELAY_MS);
    }
  });

  it("is longer in silence soon after speech where only speech is waited for, and longest where there has been none for a while", () => {
    expect(waits({ isAlert: true })).toBe(BATCH_DELAY_MS);
    expect(waits({ isAlert: true, awaited: "speech" })).toBe(QUIET_DELAY_MS);
    expect(waits({ awaited: "speech" })).toBe(CALM_DELAY_MS);
    expect(waits({})).toBe(CALM_DELAY_MS);
  });

  it("lasts until the window that decides goes, however loud the ones before it are", () => {
    // A pause of 320 ms, nothing of which has been reported: the tenth window from there on decides.
    const pause = (index: number) =>
      waits({ index, reportedIndex: 9, awaited: 320, isLoud: () => true, isAlert: true });
    expect([10, 15, 16, 17, 18, 19, 20].map(pause)).toEqual([
      PATIENT_DELAY_MS,
      PATIENT_DELAY_MS,
      PATIENT_DELAY_MS,
      64 + FRAME_MS + BATCH_DELAY_MS,
      32 + FRAME_MS + BATCH_DELAY_MS,
      BATCH_DELAY_MS,
      BATCH_DELAY_MS,
    ]);
    expect(waits({ awaited: 0, isAlert: true })).toBe(BATCH_DELAY_MS);
    // A part of a window is a window.
    expect(waits({ index: 10, reportedIndex: 9, awaited: 33 })).toBe(32 + FRAME_MS + BATCH_DELAY_MS);
  });

  it("is never shorter than what all windows wait", () => {
    expect(delayMs(20, 200)).toBe(200);
    expect(delayMs("quiet", 100)).toBe(100);
    expect(delayMs("soon", 24)).toBe(24);
  });
});
