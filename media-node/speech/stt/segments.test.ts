import { describe, expect, it } from "vitest";
import { MAX_SEGMENT_SECONDS, segments } from "./segments.ts";

const RATE = 16_000;
const noise = (seconds: number, level = 0.1) =>
  Float32Array.from({ length: seconds * RATE }, (_, i) => level * Math.sin(i * 1.7) * Math.sin(i * 0.013));

describe("segments", () => {
  it("leaves a turn of ordinary length alone", () => {
    const turn = noise(12);
    expect(segments(turn, RATE)).toEqual([turn]);
  });

  it("finds nothing in silence, in next to silence, and in less than a word", () => {
    expect(segments(new Float32Array(5 * RATE), RATE)).toEqual([]);
    expect(segments(noise(5, 0.0005), RATE)).toEqual([]);
    expect(segments(noise(0.05), RATE)).toEqual([]);
    expect(segments(new Float32Array(0), RATE)).toEqual([]);
  });

  it("cuts long speech where it is quietest, and loses nothing", () => {
    const speech = noise(70);
    speech.fill(0, 27 * RATE, 27.4 * RATE);
    const pieces = segments(speech, RATE);
    expect(pieces).toHaveLength(3);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(MAX_SEGMENT_SECONDS * RATE);
    const firstCutAt = (pieces[0]?.length ?? 0) / RATE;
    expect(firstCutAt).toBeGreaterThan(27);
    expect(firstCutAt).toBeLessThan(27.4);
    expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(speech.length);
  });

  it("skips a silent piece of long audio", () => {
    const speech = noise(65);
    speech.fill(0, 0, 31 * RATE);
    expect(segments(speech, RATE)).toHaveLength(2);
  });
});
