import { describe, expect, it } from "vitest";
import { DEFAULT_SPEECH, SpeechDetector, VAD_WINDOW_MS } from "./speech-detector.ts";

/** Feeds stretches of speech (positive ms) and silence (negative ms); returns events with the time they came. */
function run(stretchesMs: readonly number[], options = {}, speech = 0.8) {
  const detector = new SpeechDetector({ ...DEFAULT_SPEECH, ...options });
  const events: string[] = [];
  let nowMs = 0;
  for (const stretchMs of stretchesMs) {
    for (let ms = 0; ms < Math.abs(stretchMs); ms += VAD_WINDOW_MS) {
      nowMs += VAD_WINDOW_MS;
      const event = detector.push(stretchMs > 0 ? speech : 0.05);
      if (event !== undefined) events.push(`${event} ${nowMs}`);
    }
  }
  return events;
}

describe("SpeechDetector", () => {
  it("hears nothing in silence", () => {
    expect(run([-10_000])).toEqual([]);
  });

  it("reports start, confirmation and end of a sentence", () => {
    expect(run([-320, 640, -960])).toEqual(["started 416", "confirmed 576", "ended 1568"]);
  });

  it("hears sooner what is surely speech, and confirms it no sooner", () => {
    expect(run([640, -960], {}, 0.9)).toEqual(["started 64", "confirmed 256", "ended 1248"]);
    expect(run([32, -960], {}, 1)).toEqual([]);
  });

  it("does not cut off a speaker who pauses 350 ms", () => {
    expect(run([640, -352, 640, -352, 640, -608])).toEqual(["started 96", "confirmed 256", "ended 3232"]);
  });

  it("dismisses a click, and what is too short to be a word", () => {
    expect(run([32, -960])).toEqual([]);
    expect(run([96, -960])).toEqual(["started 96", "lapsed 416", "dismissed 704"]);
  });

  it("takes a short yes for a turn", () => {
    expect(run([192, -960])).toEqual(["started 96", "lapsed 512", "ended 800"]);
  });

  it("says that speech lapsed once for each stop, and not once it was long enough to interrupt", () => {
    expect(run([96, -384, 96, -384, 96, -608])).toEqual([
      "started 96",
      "lapsed 416",
      "lapsed 896",
      "confirmed 1024",
      "ended 1664",
    ]);
  });

  it("ends a turn that never ends by itself", () => {
    expect(run([70_000]).slice(0, 3)).toEqual(["started 96", "confirmed 256", "ended 60000"]);
  });

  it("goes on listening while the probability is between the thresholds, but does not begin to", () => {
    const detector = new SpeechDetector(DEFAULT_SPEECH);
    for (let i = 0; i < 20; i++) expect(detector.push(0.4)).toBeUndefined();
    expect(detector.speaking).toBe(false);
    for (let i = 0; i < 10; i++) detector.push(0.9);
    for (let i = 0; i < 18; i++) expect(detector.push(0.1)).toBeUndefined();
    expect(detector.push(0.4)).toBeUndefined();
    for (let i = 0; i < 18; i++) expect(detector.push(0.1)).toBeUndefined();
    expect(detector.push(0.1)).toBe("ended");
  });

  it("ends a turn after another silence where one is given, looked at with each window", () => {
    const detector = new SpeechDetector(DEFAULT_SPEECH);
    for (let i = 0; i < 10; i++) detector.push(0.9);
    for (let i = 0; i < 25; i++) expect(detector.push(0.1, 1_216)).toBeUndefined();
    expect(detector.silenceMs).toBe(800);
    expect(detector.push(0.1, 192)).toBe("ended");
    expect(detector.silenceMs).toBe(0);
  });
});
