/** The examples with a file each, called as a page would call them. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { toInt16 } from "../media-node/audio/frame.ts";
import { Resampler } from "../media-node/audio/resample.ts";
import { closeSpeech, getTTSModel } from "../media-node/speech/index.ts";
import { clip, concat, levelDb, silence } from "./support/audio.ts";
import { Caller } from "./support/caller.ts";
import { LanguageModel } from "./support/language-model.ts";
import { MODEL_KEY, RealtimeModels } from "./support/realtime-models.ts";
import { Stack, sleep, until } from "./support/stack.ts";

let stack: Stack;
let models: RealtimeModels;
let languageModel: LanguageModel;
/** Three seconds of speech. */
let sentence: Int16Array;

beforeAll(async () => {
  models = await RealtimeModels.start();
  languageModel = await LanguageModel.start(["It is a card game.", "You play it with a deck of fifty two cards."]);
  vi.stubEnv("OPENAI_BASE_URL", languageModel.baseUrl);
  vi.stubEnv("OPENAI_REALTIME_URL", `${models.url}/openai`);
  vi.stubEnv("GEMINI_LIVE_URL", `${models.url}/gemini`);
  vi.stubEnv("OPENAI_API_KEY", MODEL_KEY);
  vi.stubEnv("GEMINI_API_KEY", MODEL_KEY);
  sentence = await clip("librivox-0880.wav");
  stack = await Stack.start("test/fixtures/examples.ts");
  await stack.startNode();
});
afterAll(async () => {
  await stack.stop();
  await Promise.all([models.stop(), languageModel.stop()]);
  await closeSpeech();
  vi.unstubAllEnvs();
});

const call = (path: string): Promise<Caller> => new Caller({ url: stack.url, path, hello: true }).connect();
const outputs = (caller: Caller): unknown[] => caller.of("output").map(({ data }) => data);
const spoken = async (text: string): Promise<Int16Array> => {
  const { sampleRate, samples } = await getTTSModel().tts(text);
  return new Resampler(sampleRate, 48_000).process(toInt16(samples));
};

describe.each(["openai", "gemini"])("realtime/%s", (name) => {
  it("carries the sound to the model and back, and both transcripts to the page", async () => {
    const caller = await call(`/${name}`);
    await caller.say(concat(silence(300), sentence, silence(3_800)));
    expect(levelDb(caller.recording())).toBeGreaterThan(-30);
    // Three seconds of answer, paced as they are spoken.
    expect(caller.packets).toBeGreaterThan(140);
    expect(caller.packets).toBeLessThan(160);
    expect(outputs(caller)).toEqual([
      [{ role: "user", content: "What is up?" }],
      [{ role: "assistant", content: "Not much." }],
    ]);
    expect(caller.of("error")).toEqual([]);
    expect(models.complaints).toEqual([]);
    await caller.hangUp();
    await until(() => models.connections === 0);
  });

  it("falls silent when the model says that the user speaks", async () => {
    const caller = await call(`/${name}`);
    await caller.say(concat(silence(300), sentence, silence(800)));
    await until(() => caller.packets > 20);
    await caller.say(concat(sentence.subarray(48 * 300, 48 * 900)));
    await sleep(100);
    const before = caller.packets;
    await sleep(300);
    expect(caller.packets - before).toBeLessThan(3);
    await caller.hangUp();
    await until(() => models.connections === 0);
    expect(models.complaints).toEqual([]);
  });

  it("ends the call when the model hangs up", async () => {
    const caller = await call(`/${name}`);
    await until(() => models.connections === 1);
    models.hangUp();
    await until(() => caller.of("end_stream").length === 1);
    expect(caller.of("end_stream")[0]?.data).toBe("The model has hung up: maintenance");
    await until(() => caller.of("bye").length === 1, 5_000);
    await caller.hangUp();
  });

  it("says so and ends the call where the model refuses", async () => {
    models.accepting = false;
    const caller = await call(`/${name}`);
    await until(() => caller.of("bye").length === 1, 5_000);
    models.accepting = true;
    expect(caller.of("error")[0]?.message).toBe("Unexpected server response: 401");
    expect(caller.of("end_stream")[0]?.data).toBe("The model has hung up: Unexpected server response: 401");
    await caller.hangUp();
  });
});

it("realtime/openai tells the model how much of a cut answer was heard", async () => {
  const caller = await call("/openai");
  models.truncations.length = 0;
  await caller.say(concat(silence(300), sentence, silence(800)));
  await until(() => caller.packets > 20);
  await caller.say(sentence.subarray(48 * 300, 48 * 900));
  await until(() => models.truncations.length === 1);
  const heardMs = caller.packets * 20;
  expect(Math.abs((models.truncations[0]?.endMs ?? 0) - heardMs)).toBeLessThan(100);
  await caller.hangUp();
});

describe("talk, with a language model", () => {
  const said = (caller: Caller, role: string): string[] => {
    const lines = new Map(
      caller.of("transcript").map(({ data }) => {
        const line = data as { id: number; role: string; text: string };
        return [line.id, line] as const;
      }),
    );
    return [...lines.values()].filter((line) => line.role === role).map(({ text }) => text);
  };

  it("speaks the first sentence before the last is written, and sends the conversation with each question", async () => {
    languageModel.pauseMs = 2_500;
    const caller = await call("/talk");
    const question = await clip("cards-003.wav");
    await caller.say(concat(silence(300), question, silence(1_000)));
    await until(() => caller.packets > 20, 8_000);
    expect(languageModel.finished).toBe(0);
    await until(() => said(caller, "assistant").join(" ").includes("fifty two cards"), 12_000);
    languageModel.pauseMs = 0;
    await caller.silence(4_000);
    await caller.say(concat(question, silence(1_000)));
    await until(() => languageModel.requests.length === 2);
    const [, second] = languageModel.requests;
    expect(second?.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(second?.messages[1]?.content).toMatch(/seven of clubs/i);
    expect(second?.messages[2]?.content).toBe("It is a card game. You play it with a deck of fifty two cards.");
    expect(languageModel.keys).toEqual([`Bearer ${MODEL_KEY}`, `Bearer ${MODEL_KEY}`]);
    await caller.hangUp();
  });

  it("hangs up on the model when the user interrupts, and remembers what was heard", async () => {
    languageModel.pauseMs = 8_000;
    languageModel.requests.length = 0;
    const { abandoned } = languageModel;
    const caller = await call("/talk");
    const question = await clip("cards-003.wav");
    await caller.say(concat(silence(300), question, silence(1_000)));
    await until(() => caller.packets > 20, 8_000);
    await caller.say(concat(question, silence(1_000)));
    await until(() => languageModel.abandoned === abandoned + 1);
    await until(() => languageModel.requests.length === 2, 8_000);
    const heard = languageModel.requests[1]?.messages.find(({ role }) => role === "assistant")?.content;
    // At least the 400 ms that had come before the interruption; nothing of the sentence that was never made.
    expect(heard).toMatch(/^It\b/);
    expect("It is a card game.").toContain(heard);
    await caller.hangUp();
  });
});

it.concurrent("stop-word answers what follows the word, and nothing else", async () => {
  const [word, question] = await Promise.all([spoken("Computer."), spoken("What is the time?")]);
  const caller = await call("/computer");
  await caller.say(concat(silence(300), question, silence(1_500)));
  expect(caller.packets).toBe(0);
  await caller.say(concat(word, silence(150), question, silence(2_500)));
  await until(() => caller.packets > 20);
  expect(caller.of("stopword")).toHaveLength(1);
  const lines = caller.of("transcript").map(({ data }) => data as { role: string; text: string });
  expect(lines.find(({ role }) => role === "assistant")?.text).toMatch(/^It is \d+:\d\d [AP]M\.$/);
  await caller.hangUp();
});

it.concurrent("front-desk speaks first, asks twice, hands over the answers and hangs up", async () => {
  const caller = await call("/desk");
  const turns = (): unknown[] => caller.of("turn").map(({ data }) => (data as { state: string }).state);
  await until(() => caller.packets > 50, 5_000);
  await until(() => turns().at(-1) === "listening", 8_000);
  await caller.say(concat(await clip("goforward.wav"), silence(1_500)));
  await until(() => turns().at(-1) === "listening", 8_000);
  await caller.say(concat(await clip("cards-003.wav"), silence(1_500)));
  await until(() => caller.of("bye").length === 1, 12_000);
  expect(outputs(caller)).toEqual([
    [{ name: expect.stringMatching(/forward/i), reason: expect.stringMatching(/seven of clubs/i) }],
  ]);
  expect(caller.of("end_stream").map(({ data }) => data)).toEqual(["The front desk has hung up"]);
  await caller.hangUp();
});

it.concurrent("meter sends a number twice a second beside the audio", async () => {
  const caller = await call("/meter");
  await caller.say(concat(silence(200), sentence.subarray(0, 96_000)));
  await until(() => outputs(caller).length >= 4);
  const peaks = outputs(caller).map((args) => (args as { peakDb: number }[])[0]?.peakDb ?? Number.NaN);
  expect(Math.max(...peaks)).toBeGreaterThan(-25);
  // What the page shows of it.
  expect(caller.of("outputs").map(({ data }) => data)).toEqual(peaks.map((loudness) => ({ loudness })));
  expect(caller.packets).toBeGreaterThan(80);
  await caller.hangUp();
});

it.concurrent("reader reads the text it is sent, hands over each sentence, and ends the call", async () => {
  const caller = await new Caller({ url: stack.url, path: "/reader" }).connect();
  await sleep(200);
  expect(caller.packets).toBe(0);
  const text = "This is the first sentence. This is the second.";
  const inputs = { webrtc_id: caller.clientId, text, voice: "rms" };
  const headers = { "content-type": "application/json" };
  await fetch(`${stack.url}/reader/input_hook`, { method: "POST", headers, body: JSON.stringify(inputs) });
  await until(() => caller.of("end_stream").length === 1, 15_000);
  expect(caller.of("fetch_output")).toHaveLength(2);
  expect(levelDb(caller.recording())).toBeGreaterThan(-35);
  expect(caller.packets).toBeGreaterThan(80);
  await caller.hangUp();
});

it.concurrent("type-or-talk answers what was typed as what was said", async () => {
  const caller = await call("/typeOrTalk");
  caller.send('{"type":"chat","data":"Seven of clubs."}');
  await until(() => caller.of("log").some(({ data }) => data === "response_starting"), 15_000);
  await sleep(1_500);
  expect(caller.of("transcript").map(({ data }) => data)).toEqual(
    expect.arrayContaining([expect.objectContaining({ role: "user", text: "Seven of clubs." })]),
  );
  expect(levelDb(caller.recording())).toBeGreaterThan(-35);
  await caller.hangUp();
});
