import { describe, expect, it } from "vitest";
import { AdditionalOutputs, CloseStream, readEmission, Warning } from "./emission.ts";

const samples = new Int16Array(4);

describe("readEmission", () => {
  it("takes frames, FastRTC's tuples, outputs, closing, and pairs of them", () => {
    const outputs = new AdditionalOutputs("a", 1);
    const close = new CloseStream();
    expect(readEmission(undefined)).toEqual({ audio: undefined, outputs: undefined, close: undefined });
    expect(readEmission({ sampleRate: 16_000, samples }).audio).toEqual({ sampleRate: 16_000, samples });
    expect(readEmission([16_000, samples]).audio).toEqual({ sampleRate: 16_000, samples, channels: 1 });
    expect(readEmission([16_000, samples, "stereo"]).audio).toMatchObject({ channels: 2 });
    expect(readEmission(outputs).outputs?.args).toEqual(["a", 1]);
    expect(readEmission(close).close?.message).toBe("Stream closed");
    expect(readEmission([{ sampleRate: 8_000, samples }, outputs])).toMatchObject({
      audio: { sampleRate: 8_000 },
      outputs,
    });
    expect(readEmission([[8_000, samples], close])).toMatchObject({ audio: { sampleRate: 8_000 }, close });
  });

  it("takes warnings", () => {
    expect(readEmission(new Warning("slow today")).warning?.message).toBe("slow today");
  });

  it("row 43: takes int16 and float32, as one row or as a row for each channel", () => {
    const int16 = new Int16Array([1, 2]);
    const float32 = new Float32Array([0.5, -0.5]);
    expect(readEmission([24_000, [int16]]).audio).toEqual({ sampleRate: 24_000, samples: int16, channels: 1 });
    expect(readEmission([24_000, [float32], "mono"]).audio?.samples).toBe(float32);
    expect(readEmission([24_000, [new Int16Array([1, 2, 3, 4])], "stereo"]).audio?.channels).toBe(2);
    expect(readEmission([24_000, [int16, new Int16Array([3, 4])]]).audio).toEqual({
      sampleRate: 24_000,
      samples: new Int16Array([1, 3, 2, 4]),
      channels: 2,
    });
    expect(readEmission([24_000, [float32, new Int16Array([16_384, 0])]]).audio?.samples).toEqual(
      new Float32Array([0.5, 0.5, -0.5, 0]),
    );
  });

  it.each([
    ["a string", "hello", "string hello"],
    ["a number", 7, "number 7"],
    ["an object of another kind", { text: "x" }, "Object with keys text"],
    ["samples of another type", { sampleRate: 8_000, samples: [1, 2] }, "keys sampleRate, samples"],
    ["a rate that is none", { sampleRate: 0, samples }, "keys sampleRate, samples"],
    ["a rate that is no number", [Number.NaN, samples], "Array of NaN, Int16Array"],
    ["rows that do not match", [8_000, [new Int16Array(1), new Int16Array(2)]], "Array of 8000, Array(2)"],
    ["three rows", [8_000, [samples, samples, samples]], "Array(3)"],
    ["numbers for samples", [8_000, [1, 2]], "Array(2)"],
  ])("refuses %s and says what it was", (_, emission, words) => {
    expect(() => readEmission(emission)).toThrow(words);
  });
});
