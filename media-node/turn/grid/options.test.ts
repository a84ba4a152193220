import { describe, expect, it } from "vitest";
import { completeAlgoOptions, completeSileroOptions } from "./options.ts";

describe("the grid's options", () => {
  it("have FastRTC's defaults", () => {
    expect(completeAlgoOptions()).toEqual({
      audioChunkDuration: 0.6,
      startedTalkingThreshold: 0.2,
      speechThreshold: 0.1,
      maxContinuousSpeechS: Number.POSITIVE_INFINITY,
    });
    expect(completeSileroOptions()).toEqual({
      threshold: 0.5,
      minSpeechDurationMs: 250,
      maxSpeechDurationS: Number.POSITIVE_INFINITY,
      minSilenceDurationMs: 2_000,
      windowSizeSamples: 1_024,
      speechPadMs: 400,
    });
  });

  it.each([
    ["a name that FastRTC writes otherwise", { audio_chunk_duration: 0.6 }, "algoOptions has no audio_chunk_duration"],
    ["a chunk without length", { audioChunkDuration: 0 }, "algoOptions.audioChunkDuration"],
    ["no number", { speechThreshold: Number.NaN }, "algoOptions.speechThreshold"],
    ["milliseconds where seconds are meant", { audioChunkDuration: 600 }, "from 0.02 to 30"],
  ])("refuse %s", (_, given: object, message) => {
    expect(() => completeAlgoOptions(given)).toThrow(message);
  });

  it("refuse windows that the model does not know", () => {
    expect(() => completeSileroOptions({ windowSizeSamples: 1_000 })).toThrow("512, 1024, 1536");
  });
});
