import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resample } from "../audio/resample.ts";
import { readWav } from "../audio/wav.ts";
import { Speech } from "./speech.ts";
import { MAX_AUDIO_MS } from "./stt/check-audio.ts";
import { MAX_QUEUED_TURNS } from "./stt/moonshine-stt.ts";
import { wordErrors } from "./word-errors.ts";

const fixture = (name: string) => new URL(`../../test/fixtures/speech/${name}`, import.meta.url);
const clip = (name: string) => readWav(readFileSync(fixture(name)));
const transcripts = v.parse(
  v.record(v.string(), v.string()),
  JSON.parse(readFileSync(fixture("transcripts.json"), "utf8")),
);

const speech = new Speech();
const stt = speech.getSTTModel();
const tts = speech.getTTSModel();
// The first run on a machine downloads the models.
beforeAll(() => speech.ready(), 300_000);
afterAll(() => speech.close());

describe("speech to text", () => {
  it("understands people: at most one word in ten is wrong", async () => {
    let errors = 0;
    let words = 0;
    for (const [name, said] of Object.entries(transcripts)) {
      const result = wordErrors(said, await stt.stt(clip(name)));
      errors += result.errors;
      words += result.words;
    }
    console.log(`speech to text: ${errors} of ${words} words wrong (${((100 * errors) / words).toFixed(1)} %)`);
    expect(errors / words).toBeLessThanOrEqual(0.1);
  }, 60_000);

  it("takes any rate, float samples and stereo", async () => {
    const { samples } = clip("cards-003.wav");
    const at48k = resample(samples, 16_000, 48_000);
    const stereo = new Int16Array(2 * at48k.length);
    for (const [i, sample] of at48k.entries()) stereo.fill(sample, 2 * i, 2 * i + 2);
    const floats = Float32Array.from(samples, (sample) => sample / 32_768);
    expect(await stt.stt({ sampleRate: 48_000, samples: stereo, channels: 2 })).toMatch(/seven of clubs/i);
    expect(await stt.stt({ sampleRate: 16_000, samples: floats })).toMatch(/seven of clubs/i);
  }, 60_000);

  it("leaves the caller's samples untouched, and sends no more than its view of them", async () => {
    const { samples } = clip("cards-001.wav");
    const recording = new Int16Array(1_000_000);
    recording.set(samples, 5_000);
    const view = recording.subarray(5_000, 5_000 + samples.length);
    expect(await stt.stt({ sampleRate: 16_000, samples: view })).toMatch(/ten of clubs/i);
    expect(view.length).toBe(samples.length);
    expect(view[1_000]).toBe(samples[1_000]);
  }, 60_000);

  it("hears nothing in silence, in a click, and in samples that are not numbers", async () => {
    expect(await stt.stt({ sampleRate: 16_000, samples: new Int16Array(32_000) })).toBe("");
    expect(await stt.stt({ sampleRate: 48_000, samples: new Int16Array(100).fill(9_000) })).toBe("");
    expect(await stt.stt({ sampleRate: 16_000, samples: new Float32Array(0) })).toBe("");
    expect(await stt.stt({ sampleRate: 16_000, samples: new Float32Array(16_000).fill(Number.NaN) })).toBe("");
  }, 60_000);

  it("transcribes more than the model takes in one piece", async () => {
    const { samples } = clip("librivox-0870.wav");
    const times = Math.ceil((35 * 16_000) / samples.length);
    const long = new Int16Array(times * samples.length);
    for (let i = 0; i < times; i++) long.set(samples, i * samples.length);
    const text = await stt.stt({ sampleRate: 16_000, samples: long });
    expect(text.match(/Dashwood/g)?.length).toBeGreaterThanOrEqual(times - 1);
  }, 60_000);

  it.each([
    ["a rate of 0", { sampleRate: 0, samples: new Int16Array(100) }],
    ["a rate that is no number", { sampleRate: Number.NaN, samples: new Int16Array(100) }],
    ["too long audio", { sampleRate: 8_000, samples: new Int16Array((MAX_AUDIO_MS / 1_000 + 1) * 8_000) }],
  ])("refuses %s", async (_what, audio) => {
    await expect(stt.stt(audio)).rejects.toMatchObject({ code: "invalid_audio" });
  });

  it("gives up what is not wanted any more, waiting or running, and goes on with the rest", async () => {
    const stop = new AbortController();
    const unwanted = [clip("librivox-0870.wav"), clip("librivox-0890.wav")].map((audio) =>
      stt.stt(audio, { signal: stop.signal }),
    );
    const wanted = stt.stt(clip("cards-001.wav"));
    stop.abort(new Error("interrupted"));
    for (const transcript of unwanted) await expect(transcript).rejects.toThrow("interrupted");
    expect(await wanted).toMatch(/ten of clubs/i);
    await expect(stt.stt(clip("cards-001.wav"), { signal: stop.signal })).rejects.toThrow("interrupted");
  }, 60_000);

  it("tells words while they are being said", async () => {
    const { samples } = clip("librivox-0870.wav");
    async function* frames() {
      for (let at = 0; at < samples.length; at += 3_200) {
        // Faster than they are said, but not all at once: other tests may have a core.
        await new Promise((resolve) => setTimeout(resolve, 60));
        yield { sampleRate: 16_000, samples: samples.subarray(at, at + 3_200) };
      }
    }
    const texts: string[] = [];
    let last = "";
    for await (const { text, final } of stt.stream(frames())) {
      if (final) last = text;
      else texts.push(text);
    }
    expect(texts.length).toBeGreaterThanOrEqual(3);
    expect(last).toBe(await stt.stt(clip("librivox-0870.wav")));
  }, 60_000);

  it("says so when more is waiting than it can do", async () => {
    const stop = new AbortController();
    const audio = clip("librivox-0870.wav");
    const turns = Array.from({ length: MAX_QUEUED_TURNS + 5 }, () => stt.stt(audio, { signal: stop.signal }));
    await expect(turns.at(-1)).rejects.toMatchObject({
      code: "stt_overloaded",
      message: expect.stringContaining("concurrencyLimit"),
    });
    stop.abort();
    const outcomes = await Promise.allSettled(turns);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([]);
    expect(await stt.stt(clip("cards-001.wav"))).toMatch(/ten of clubs/i);
  }, 60_000);
});

describe("text to speech", () => {
  it("is understood by speech to text", async () => {
    const sentences = [
      "What is the weather like in Paris tomorrow?",
      "The quick brown fox jumps over the lazy dog.",
      "I would like to order a large pizza with mushrooms.",
      "The train leaves in twenty minutes from platform nine.",
    ];
    let errors = 0;
    let words = 0;
    for (const sentence of sentences) {
      const result = wordErrors(sentence, await stt.stt(await tts.tts(sentence)));
      errors += result.errors;
      words += result.words;
    }
    console.log(`text to speech, heard by speech to text: ${errors} of ${words} words wrong`);
    expect(errors / words).toBeLessThan(0.2);
  }, 60_000);

  it("speaks sentence by sentence, in order, at 16 kHz", async () => {
    const frames: { text: string; seconds: number }[] = [];
    for await (const { text, samples, sampleRate } of tts.stream("Hello there. It costs $19.99, Mr. Smith. Bye!")) {
      expect(sampleRate).toBe(16_000);
      frames.push({ text, seconds: samples.length / sampleRate });
    }
    expect(frames.map(({ text }) => text)).toEqual(["Hello there.", "It costs $19.99, Mr. Smith.", "Bye!"]);
    for (const { seconds } of frames) expect(seconds).toBeGreaterThan(0.3);
  }, 60_000);

  it("has several voices, and says which when asked for another", async () => {
    const slt = await tts.tts("Hello there.");
    const rms = await tts.tts("Hello there.", { voice: "rms" });
    expect(rms.samples).not.toEqual(slt.samples);
    expect(rms.sampleRate).toBe(16_000);
    await expect(tts.tts("Hello", { voice: "elvis" })).rejects.toMatchObject({ code: "voice_unknown" });
    expect(() => tts.stream("Hello", { voice: "elvis" })).toThrow("elvis");
  }, 60_000);

  it.each(["", "   ", "...", "🙂"])("is silent about %j", async (text) => {
    expect((await tts.tts(text)).samples).toHaveLength(0);
  });

  it("takes what looks like an option, other scripts, zero bytes and a long text", async () => {
    for (const text of ["-help", "--voice rms", "你好。", "naïve café “quotes”", "a\0b", "word ".repeat(400)]) {
      const { samples } = await tts.tts(text);
      expect(samples.length).toBeGreaterThan(1_000);
    }
  }, 60_000);

  it("stops in the middle of a text when it is told to", async () => {
    const stop = new AbortController();
    const heard: string[] = [];
    const listen = async () => {
      for await (const { text } of tts.stream("One. Two. Three. Four. Five.", { signal: stop.signal })) {
        heard.push(text);
        if (heard.length === 2) stop.abort(new Error("interrupted"));
      }
    };
    await expect(listen()).rejects.toThrow("interrupted");
    expect(heard).toEqual(["One.", "Two."]);
    await expect(tts.tts("Hello.", { signal: stop.signal })).rejects.toThrow("interrupted");
  }, 60_000);
});

describe("the engines of a process", () => {
  it("are the same for everyone who asks", () => {
    expect(speech.getSTTModel("moonshine/tiny")).toBe(stt);
    expect(speech.getTTSModel("flite")).toBe(tts);
    expect(() => speech.getSTTModel("whisper")).toThrow(expect.objectContaining({ code: "model_unknown" }));
    expect(() => speech.getTTSModel("elevenlabs")).toThrow("kokoro");
  });

  it("fail what is under way when they are closed, and can be had anew", async () => {
    const own = new Speech();
    await own.getSTTModel().stt(clip("cards-001.wav"));
    const running = own.getSTTModel().stt(clip("librivox-0870.wav"));
    const outcome = expect(running).rejects.toMatchObject({ code: "speech_stopped" });
    await own.close();
    await outcome;
    expect(await own.getSTTModel().stt(clip("cards-001.wav"))).toMatch(/ten of clubs/i);
    await own.close();
  }, 60_000);

  it("let the process end by itself once nothing is wanted of them, and not before", async () => {
    const code = `
      import { getSTTModel, getTTSModel, openVad, speechReady } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
      const tts = getTTSModel();
      getSTTModel();
      await speechReady();
      openVad(() => {}).push(new Int16Array(5000));
      console.log((await tts.tts("Hello.")).samples.length > 1000);`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
    expect(stdout.trim()).toBe("true");
    expect(stderr).toBe("");
  }, 60_000);

  it.each([
    ["exits", "process.exit(7)", 7],
    ["fails", "throw new Error('boom')", 1],
  ])(
    "do not turn it into a crash when the process %s while they work",
    async (_what, end, exitCode) => {
      const code = `
      import { getSTTModel, speechReady } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
      const stt = getSTTModel();
      await speechReady();
      stt.stt({ sampleRate: 16_000, samples: Float32Array.from({ length: 320_000 }, (_, i) => Math.sin(i * i)) });
      setTimeout(() => { ${end} }, 40);`;
      const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
      await expect(run).rejects.toMatchObject({ code: exitCode, signal: null });
    },
    60_000,
  );

  it("leave no thread behind when they are closed while they load", async () => {
    const code = `
      import { closeSpeech, getSTTModel, getTTSModel, openVad } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
      getTTSModel(); getSTTModel(); openVad(() => {}).push(new Int16Array(5000));
      await new Promise((resolve) => setTimeout(resolve, 60));
      await closeSpeech();
      console.log(process.getActiveResourcesInfo().filter((name) => /Worker|MessagePort|Timeout/.test(name)).length);`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
    expect(stdout.trim()).toBe("0");
    expect(stderr).toBe("");
  }, 60_000);
});
