import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readWav, writeWav } from "../audio/wav.ts";
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

const source = (model: string) => ({ accountId: "acc", apiToken: "token", model, baseURL: `${server.url}/client/v4` });
const speech = { sampleRate: 16_000, samples: Int16Array.from({ length: 16_000 }, (_, i) => 8_000 * Math.sin(i / 20)) };
const envelope = (result: unknown) => ({ json: { result, success: true, errors: [], messages: [] } });

describe("Workers AI", () => {
  it("transcribes with the newest Whisper, which takes JSON", async () => {
    server.answer = envelope({ text: " Hello. ", transcription_info: { language: "en" }, word_count: 1 });
    expect(await getSTTModel(source("@cf/openai/whisper-large-v3-turbo")).stt(speech)).toBe("Hello.");
    expect(server.asked[0]?.path).toBe("/client/v4/accounts/acc/ai/run/@cf/openai/whisper-large-v3-turbo");
    expect(server.asked[0]?.headers["authorization"]).toBe("Bearer token");
    const { audio } = server.json() as { audio: string };
    expect(readWav(Buffer.from(audio, "base64")).samples).toEqual(speech.samples);
  });

  it("transcribes with models that take the file", async () => {
    server.answer = envelope({ text: "Hello." });
    expect(await getSTTModel(source("@cf/openai/whisper")).stt(speech)).toBe("Hello.");
    expect(readWav(server.asked[0]?.bytes ?? new Uint8Array()).samples).toEqual(speech.samples);
    server.answer = envelope({ results: { channels: [{ alternatives: [{ transcript: "Hi.", confidence: 1 }] }] } });
    expect(await getSTTModel(source("@cf/deepgram/nova-3")).stt(speech)).toBe("Hi.");
    expect(server.asked[1]?.headers["content-type"]).toBe("audio/wav");
  });

  it("speaks with Aura, which sends a file, and with MeloTTS, which sends JSON", async () => {
    const wav = writeWav(Int16Array.of(1, 2, 3), 24_000);
    server.answer = { bytes: wav };
    expect(await getTTSModel({ ...source("@cf/deepgram/aura-1"), voice: "luna" }).tts("Hi.")).toEqual({
      sampleRate: 24_000,
      samples: Int16Array.of(1, 2, 3),
    });
    expect(server.json()).toEqual({
      text: "Hi.",
      speaker: "luna",
      encoding: "linear16",
      container: "wav",
      sample_rate: 24_000,
    });
    server.answer = envelope({ audio: Buffer.from(wav).toString("base64") });
    const spoken = await getTTSModel(source("@cf/myshell-ai/melotts")).tts("Salut.", { lang: "fr-fr" });
    expect(spoken.samples).toEqual(Int16Array.of(1, 2, 3));
    expect(server.json()).toEqual({ prompt: "Salut.", lang: "fr" });
  });

  it("answers with a language model", async () => {
    server.answer = { events: chatEvents("Hello.") };
    const llm = getLanguageModel(source("@cf/meta/llama-3.1-8b-instruct-fast"));
    expect((await llm.stream([{ role: "user", content: "Hi" }]).next()).value).toBe("Hello.");
    expect(server.asked[0]?.path).toBe("/client/v4/accounts/acc/ai/v1/chat/completions");
  });

  it("costs one turn when it refuses", async () => {
    server.answer = {
      status: 403,
      text: '{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}',
    };
    await expect(getSTTModel(source("@cf/openai/whisper")).stt(speech)).rejects.toMatchObject({
      code: "remote_model_refused",
    });
  });
});
