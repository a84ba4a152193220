import { describe, expect, it } from "vitest";
import { AdditionalOutputs, CloseStream, readEmission } from "./emission.ts";

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

  it.each([
    ["a string", "hello", "string hello"],
    ["a number", 7, "number 7"],
    ["an object of another kind", { text: "x" }, "Object with keys text"],
    ["samples of another type", { sampleRate: 8_000, samples: [1, 2] }, "keys sampleRate, samples"],
    ["a rate that is none", { sampleRate: 0, samples }, "keys sampleRate, samples"],
    ["a rate that is no number", [Number.NaN, samples], "Array"],
  ])("refuses %s and says what it was", (_, emission, words) => {
    expect(() => readEmission(emission)).toThrow(words);
  });
});
