import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { writeWav } from "../audio/wav.ts";
import { getLanguageModel, getSTTModel, getTTSModel } from "../speech/index.ts";
import { chatEvents, ModelServer } from "./testing/model-server.ts";

let server: ModelServer;
beforeAll(async () => {
  server = await ModelServer.open();
});
afterEach(() => {
  server.answer = "hang";
  server.asked.length = 0;
});
afterAll(() => server.close());

const openai = () => createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "sk-secret" });
const speech = { sampleRate: 16_000, samples: Int16Array.from({ length: 16_000 }, (_, i) => 8_000 * Math.sin(i / 20)) };

describe("models of the AI SDK, its real packages against a stand-in", () => {
  it("transcribe, given as they are or with options", async () => {
    server.answer = { json: { text: "Hello there." } };
    expect(await getSTTModel(openai().transcription("whisper-1")).stt(speech)).toBe("Hello there.");
    expect(server.asked[0]?.path).toBe("/v1/audio/transcriptions");
    const model = openai().transcription("whisper-1");
    const german = getSTTModel({ model, providerOptions: { openai: { language: "de" } } });
    expect(await german.stt(speech)).toBe("Hello there.");
    expect((await server.form()).get("language")).toBe("de");
  });

  it("speak, sentence by sentence", async () => {
    server.answer = { bytes: writeWav(new Int16Array(2_400), 24_000) };
    const tts = getTTSModel({ model: openai().speech("tts-1"), voice: "nova", instructions: "Whisper." });
    const texts: string[] = [];
    for await (const { text, samples } of tts.stream("One. Two.", { speed: 1.5 })) {
      expect(samples).toHaveLength(2_400);
      texts.push(text);
    }
    expect(texts).toEqual(["One.", "Two."]);
    expect(server.json()).toMatchObject({
      model: "tts-1",
      input: "Two.",
      voice: "nova",
      response_format: "wav",
      speed: 1.5,
    });
  });

  it("answer as they write, of whichever provider package", async () => {
    server.answer = { events: chatEvents("Hel", "lo.") };
    const compatible = createOpenAICompatible({ name: "llm", baseURL: `${server.url}/v1` });
    for (const model of [openai().chat("gpt-4o-mini"), compatible("stand-in")]) {
      const pieces: string[] = [];
      const messages = [
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Yes?" },
        { role: "user", content: "Hello" },
      ] as const;
      for await (const piece of getLanguageModel(model).stream(messages, { instructions: "Be brief." })) {
        pieces.push(piece);
      }
      expect(pieces.join("")).toBe("Hello.");
      expect(server.json()).toMatchObject({ stream: true });
      expect(JSON.stringify(server.json())).toContain("Be brief.");
    }
  });

  it("cost one turn when they fail or stall", async () => {
    server.answer = { status: 401, text: '{"error":{"message":"no key","type":"invalid_request_error"}}' };
    await expect(getSTTModel(openai().transcription("whisper-1")).stt(speech)).rejects.toMatchObject({
      code: "remote_model_refused",
    });
    await expect(
      getLanguageModel(openai().chat("gpt-4o-mini"))
        .stream([{ role: "user", content: "Hi" }])
        .next(),
    ).rejects.toMatchObject({ code: "remote_model_refused" });
    server.answer = "hang";
    const slow = getTTSModel({ model: openai().speech("tts-1"), timeoutMs: 50 });
    await expect(slow.tts("Hi.")).rejects.toMatchObject({ code: "remote_model_timeout" });
  });

  it("are given up when the turn is not wanted any more", async () => {
    const stop = new AbortController();
    const transcript = getSTTModel(openai().transcription("whisper-1")).stt(speech, { signal: stop.signal });
    const outcome = expect(transcript).rejects.toThrow("interrupted");
    // Not earlier: aborted while it uploads a form, Node's own fetch rejects to nobody.
    await vi.waitFor(() => expect(server.asked).toHaveLength(1));
    stop.abort(new Error("interrupted"));
    await outcome;
  });
});

describe("what a model may be given as", () => {
  it("is also an object of one's own", () => {
    const stt = { stt: async () => "words" };
    const tts = getTTSModel();
    const llm = getLanguageModel({ baseURL: server.url, model: "m" });
    expect([getSTTModel(stt), getTTSModel(tts), getLanguageModel(llm)]).toEqual([stt, tts, llm]);
  });

  it("is also a local model with its name and a voice", () => {
    expect(() => getTTSModel({ model: "flite", voice: "elvis" }).stream("Hi.")).toThrow("elvis");
    expect(() => getSTTModel({ model: "whisper" })).toThrow(expect.objectContaining({ code: "model_unknown" }));
  });

  it("is not just anything: what is no model does not become the default one", () => {
    const nothing: unknown[] = [{}, { model: null }, { model: 7 }, { baseUrl: "http://127.0.0.1" }];
    for (const source of nothing) {
      const untyped = source as { model: string };
      expect(() => getSTTModel(untyped)).toThrow(expect.objectContaining({ code: "model_unknown" }));
      expect(() => getTTSModel(untyped)).toThrow(expect.objectContaining({ code: "model_unknown" }));
    }
  });
});
