import { afterAll, describe, expect, it } from "vitest";
import { models } from "../../../models/index.ts";
import { Speech } from "../../speech.ts";
import { wordErrors } from "../../word-errors.ts";
import { runs } from "./kokoro.ts";
import { KokoroTts } from "./kokoro-tts.ts";
import { symbolNumbers } from "./symbols.ts";
import { trimSilence } from "./trim.ts";

const RATE = 24_000;
const cached = (await models.list()).find(({ name }) => name === "kokoro-82m")?.state === "ready";

describe.skipIf(!cached)("Kokoro, really (where its weights are cached: edgertc models pull kokoro-82m)", () => {
  const speech = new Speech();
  const tts = speech.getTTSModel("kokoro");
  const stt = speech.getSTTModel();
  afterAll(() => speech.close());

  it("is understood by speech to text, in both accents", async () => {
    const sentences: [string, string | undefined][] = [
      ["What is the weather like in Paris tomorrow?", undefined],
      ["I would like to order a large pizza with mushrooms.", "am_michael"],
      ["The train leaves in twenty minutes from platform nine.", "bf_emma"],
    ];
    let errors = 0;
    let words = 0;
    for (const [sentence, voice] of sentences) {
      const result = wordErrors(sentence, await stt.stt(await tts.tts(sentence, { voice })));
      errors += result.errors;
      words += result.words;
    }
    console.log(`Kokoro, heard by speech to text: ${errors} of ${words} words wrong`);
    expect(errors / words).toBeLessThan(0.1);
  }, 180_000);

  it("row 69: speaks sentence by sentence at 24 kHz, with a seventh of a second between them", async () => {
    const frames: { text: string; samples: Int16Array }[] = [];
    for await (const { text, samples, sampleRate } of tts.stream("Hello there. It costs $5.")) {
      expect(sampleRate).toBe(RATE);
      frames.push({ text, samples });
    }
    expect(frames.map(({ text }) => text)).toEqual(["Hello there.", "It costs $5."]);
    expect(frames[0]?.samples.subarray(0, 3_000).some((sample) => Math.abs(sample) > 500)).toBe(true);
    expect(frames[1]?.samples.subarray(0, Math.floor(RATE / 7)).every((sample) => sample === 0)).toBe(true);
  }, 180_000);

  it("row 69: speaks faster and slower", async () => {
    const seconds = async (speed: number) => {
      const { samples } = await tts.tts("It is a lovely day.", { speed });
      return samples.length / RATE;
    };
    const [slow, normal, fast] = [await seconds(0.6), await seconds(1), await seconds(1.6)];
    expect(slow / normal).toBeGreaterThan(1.3);
    expect(normal / fast).toBeGreaterThan(1.3);
  }, 180_000);

  it("takes phonemes of the developer's own, in any language", async () => {
    const asked: [string, string][] = [];
    const spanish = speech.getTTSModel("kokoro", (text, lang) => {
      asked.push([text, lang]);
      return "ˈola";
    });
    const { samples } = await spanish.tts("Hola.", { lang: "es" });
    expect(asked).toEqual([["Hola.", "es"]]);
    expect(samples.length).toBeGreaterThan(RATE / 4);
  }, 180_000);

  it("is silent about other scripts, and does not fail", async () => {
    expect((await tts.tts("你好。")).samples).toHaveLength(0);
  }, 180_000);
});

describe("what Kokoro is asked for", () => {
  const { model } = new KokoroTts({ load: () => Promise.reject(new Error("no model")) });

  it("is refused before anything is loaded where it makes no sense", async () => {
    expect(() => model.stream("Hello.", { voice: "elvis" })).toThrow(
      expect.objectContaining({ code: "voice_unknown" }),
    );
    expect(() => model.stream("Hello.", { lang: "fr-fr" })).toThrow(
      expect.objectContaining({ code: "language_unknown" }),
    );
    expect(() => model.stream("Hello.", { speed: 3 })).toThrow(RangeError);
    await expect(model.tts("Hello.", { voice: "constructor" })).rejects.toMatchObject({ code: "voice_unknown" });
  });

  it("says why it cannot be had", async () => {
    await expect(model.tts("Hello.")).rejects.toThrow("no model");
  });
});

describe("symbolNumbers", () => {
  it("knows Kokoro's phonemes, and leaves out what is none", () => {
    expect(symbolNumbers(" həlˈO ɹæʤ!ᵻ")).toEqual([16, 50, 83, 54, 156, 31, 16, 123, 72, 82, 5, 177]);
    expect(symbolNumbers("g你~")).toEqual([]);
  });
});

describe("runs", () => {
  it("leaves what is short alone, and makes nothing of nothing", () => {
    expect(runs("həlˈO.")).toEqual([symbolNumbers("həlˈO.")]);
    expect(runs(" 你 ")).toEqual([]);
  });

  it("cuts what is too long at a mark, else between words, else anywhere", () => {
    expect(runs(`${"a".repeat(300)}. ${"b".repeat(300)}`).map((run) => run.length)).toEqual([301, 300]);
    expect(runs(`${"a".repeat(300)} ${"b".repeat(300)}`).map((run) => run.length)).toEqual([300, 300]);
    expect(runs("a".repeat(1_200)).map((run) => run.length)).toEqual([509, 509, 182]);
  });
});

describe("trimSilence", () => {
  it("cuts silence at both ends, but none inside, and leaves a margin", () => {
    const samples = new Float32Array(60_000);
    samples.fill(0.5, 20_000, 25_000);
    samples.fill(0.5, 35_000, 40_000);
    const trimmed = trimSilence(samples);
    expect(trimmed.length).toBeGreaterThanOrEqual(20_000);
    expect(trimmed.length).toBeLessThan(24_000);
  });

  it("leaves silence as it is", () => {
    expect(trimSilence(new Float32Array(5_000))).toHaveLength(5_000);
    expect(trimSilence(new Float32Array(0))).toHaveLength(0);
  });
});
