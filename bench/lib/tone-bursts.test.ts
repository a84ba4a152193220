import { describe, expect, it } from "vitest";
import { decode, encode, SAMPLE_RATE, speech } from "./clips.ts";
import { addBursts, BurstFinder, burstRange } from "./tone-bursts.ts";

describe("tone bursts", () => {
  it("are found to a fraction of a millisecond in speech that went through the codec, wherever it is delayed to", async () => {
    const clip = addBursts(await speech());
    const heard = await decode(await encode(clip));
    const delay = 3_456;
    const late = new Int16Array(heard.length + delay);
    late.set(heard, delay);
    for (const [second, finder] of BurstFinder.all().entries()) {
      const here = finder.find(heard, ...burstRange(second));
      const from = second * SAMPLE_RATE;
      const there = finder.find(late, from, from + 2 * SAMPLE_RATE);
      expect(Math.abs((there ?? 0) - (here ?? 0) - delay)).toBeLessThan(24);
    }
  });

  it("are not heard in speech, nor in silence", async () => {
    const plain = await speech();
    for (const finder of BurstFinder.all()) {
      expect(finder.find(plain, 0, plain.length)).toBeUndefined();
      expect(finder.find(new Int16Array(SAMPLE_RATE), 0, SAMPLE_RATE)).toBeUndefined();
    }
  });
});
