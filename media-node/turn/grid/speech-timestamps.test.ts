import { readFileSync } from "node:fs";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { DEFAULT_SILERO, type SileroVadOptions } from "./options.ts";
import { speechTimestamps } from "./speech-timestamps.ts";

const CHUNK = 9_600;
const WINDOW = 1_024;

const find = (probabilities: readonly number[], length: number, options: Partial<SileroVadOptions> = {}) =>
  speechTimestamps(probabilities, length, { ...DEFAULT_SILERO, ...options }).map(({ start, end }) => [start, end]);
/** `from` to before `to` of `count` windows are speech. */
const speech = (count: number, ...ranges: readonly (readonly [from: number, to: number])[]) =>
  Array.from({ length: count }, (_, i) => (ranges.some(([from, to]) => i >= from && i < to) ? 0.9 : 0.01));

/** Its own answers to probabilities at random: FastRTC 0.0.34, run once. */
const Recorded = v.array(
  v.object({
    options: v.object({
      threshold: v.number(),
      minSpeechDurationMs: v.number(),
      maxSpeechDurationS: v.nullable(v.number()),
      minSilenceDurationMs: v.number(),
      windowSizeSamples: v.number(),
      speechPadMs: v.number(),
    }),
    length: v.number(),
    probabilities: v.array(v.number()),
    chunks: v.array(v.array(v.number())),
  }),
);

describe("speechTimestamps (row 47)", () => {
  it("finds what FastRTC finds, case by case", () => {
    const recorded = v.parse(
      Recorded,
      JSON.parse(readFileSync(new URL("./testing/timestamps.json", import.meta.url), "utf8")),
    );
    expect(recorded.length).toBeGreaterThan(60);
    for (const { options, length, probabilities, chunks } of recorded) {
      const maxSpeechDurationS = options.maxSpeechDurationS ?? Number.POSITIVE_INFINITY;
      expect(find(probabilities, length, { ...options, maxSpeechDurationS }), JSON.stringify(options)).toEqual(chunks);
    }
  });

  it("is binary with the defaults on a chunk of the grid: all, if speech begins within 320 ms, or nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 10, maxLength: 10 }), (windows) => {
        const isSpeech = windows.slice(0, 6).some((probability) => probability >= 0.5);
        expect(find(windows, CHUNK)).toEqual(isSpeech ? [[0, CHUNK]] : []);
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives pieces in order, apart, and within the audio, whatever the options", () => {
    const options = fc.record({
      threshold: fc.constantFrom(0.3, 0.5, 0.75),
      minSpeechDurationMs: fc.constantFrom(0, 64, 250),
      maxSpeechDurationS: fc.constantFrom(Number.POSITIVE_INFINITY, 0.5, 1, 2),
      minSilenceDurationMs: fc.constantFrom(0, 100, 500, 2_000),
      windowSizeSamples: fc.constantFrom(512, 1_024, 1_536),
      speechPadMs: fc.constantFrom(0, 30, 400),
    });
    const windows = fc.array(fc.constantFrom(0.01, 0.4, 0.9), { maxLength: 80 });
    fc.assert(
      fc.property(windows, fc.nat({ max: 511 }), options, (probabilities, rest, given) => {
        const length = Math.max(0, probabilities.length * given.windowSizeSamples - rest);
        let last = 0;
        for (const [start = -1, end = -1] of find(probabilities, length, given)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(length);
          last = end;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("drops speech that is no longer than the shortest, and closes it only after enough silence", () => {
    const options = { minSilenceDurationMs: 128, speechPadMs: 0 };
    expect(find(speech(20, [2, 6]), 20 * WINDOW, options)).toEqual([[2 * WINDOW, 6 * WINDOW]]);
    // 192 ms.
    expect(find(speech(20, [2, 5]), 20 * WINDOW, options)).toEqual([]);
    // 64 ms of silence inside.
    expect(find(speech(20, [2, 4], [5, 8]), 20 * WINDOW, options)).toEqual([[2 * WINDOW, 8 * WINDOW]]);
  });

  it("neither starts nor ends speech between the two thresholds", () => {
    const windows = [...speech(4, [0, 4]), ...new Array(6).fill(0.4)];
    const options = { minSilenceDurationMs: 64, speechPadMs: 0 };
    expect(find(windows, CHUNK, options)).toEqual([[0, CHUNK]]);
    expect(find(new Array(10).fill(0.4), CHUNK, options)).toEqual([]);
  });

  it("pads both sides, and shares what lies between neighbours that are close", () => {
    const options = { minSilenceDurationMs: 64, speechPadMs: 100 };
    // A gap of 128 ms is less than twice the pad.
    expect(find(speech(30, [4, 10], [12, 18]), 30 * WINDOW, options)).toEqual([
      [4 * WINDOW - 1_600, 11 * WINDOW],
      [11 * WINDOW, 18 * WINDOW + 1_600],
    ]);
  });

  it("splits speech that is too long at its last silence of 98 ms, else on the spot", () => {
    const options = { maxSpeechDurationS: 1, speechPadMs: 0 };
    // 1 s is 15.6 windows; less one, the first that is too far from the start is the 15th.
    expect(find(speech(30, [0, 30]), 30 * WINDOW, options)).toEqual([
      [0, 15 * WINDOW],
      [16 * WINDOW, 30 * WINDOW],
    ]);
    expect(find(speech(26, [0, 8], [11, 26]), 26 * WINDOW, options)).toEqual([
      [0, 8 * WINDOW],
      [11 * WINDOW, 26 * WINDOW],
    ]);
  });
});
