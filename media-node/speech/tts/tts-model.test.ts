import { describe, expect, it } from "vitest";
import { checkedSpeed } from "./speed.ts";
import { type Spoken, ttsModel } from "./tts-model.ts";

const RATE = 24_000;
/** FastRTC's `sr // 7`. */
const GAP_SAMPLES = 3_428;

/** A sample a character. */
function model(gapSeconds: number, rateOf: (sentence: string) => number = () => RATE) {
  const asked: [string, string, number][] = [];
  const tts = ttsModel({
    voice: ({ voice = "default" }) => voice,
    say: async (sentence, voice, _signal, slackMs): Promise<Spoken> => {
      asked.push([sentence, voice, slackMs]);
      return { sampleRate: rateOf(sentence), samples: new Int16Array(sentence.length).fill(1) };
    },
    gapSeconds,
  });
  return { tts, asked };
}

describe("ttsModel", () => {
  it("row 69: has a seventh of a second of silence before every sentence but the first, as FastRTC's Kokoro", async () => {
    const { tts } = model(1 / 7);
    const lengths: number[] = [];
    for await (const { samples } of tts.stream("One. Two. Three.")) lengths.push(samples.length);
    expect(lengths).toEqual([4, GAP_SAMPLES + 4, GAP_SAMPLES + 6]);
    const whole = await tts.tts("One. Two.");
    expect(whole.samples).toHaveLength(4 + GAP_SAMPLES + 4);
    expect([...whole.samples.subarray(4, 4 + GAP_SAMPLES)].every((sample) => sample === 0)).toBe(true);
  });

  it("has none where the engine makes its own", async () => {
    const { tts } = model(0);
    expect((await tts.tts("One. Two.")).samples).toHaveLength(8);
  });

  it("gives the voice along, and does not ask for sentences without a sound", async () => {
    const { tts, asked } = model(0);
    await tts.tts("One. ... 🙂", { voice: "other" });
    expect(asked).toEqual([["One.", "other", 0]]);
    expect(await tts.tts("...")).toMatchObject({ samples: new Int16Array(0) });
  });

  it("joins sentences of different rates at the first one's", async () => {
    const { tts } = model(0, (sentence) => (sentence === "One." ? 16_000 : 48_000));
    const { sampleRate, samples } = await tts.tts(`One. A${"a".repeat(238)}.`);
    expect(sampleRate).toBe(16_000);
    expect(samples.length).toBe(4 + 80);
  });
});

describe("checkedSpeed", () => {
  it("takes FastRTC's range, 1 by default", () => {
    expect([checkedSpeed(), checkedSpeed(0.5), checkedSpeed(2)]).toEqual([1, 0.5, 2]);
    for (const speed of [0.4, 2.1, Number.NaN]) expect(() => checkedSpeed(speed)).toThrow(RangeError);
  });
});
