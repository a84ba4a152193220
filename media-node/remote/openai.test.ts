import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { readWav, writeWav } from "../audio/wav.ts";
import { getLanguageModel, getSTTModel, getTTSModel } from "../speech/index.ts";
import { MAX_RUNNING_CALLS } from "./remote-calls.ts";
import { chatEvents, ModelServer } from "./testing/model-server.ts";

let server: ModelServer;
beforeAll(async () => {
  server = await ModelServer.open();
});
afterEach(() => {
  server.answer = "hang";
  server.asked.length = 0;
  server.abandoned = 0;
});
afterAll(() => server.close());

const endpoint = () => ({ baseURL: `${server.url}/v1/`, apiKey: "sk-secret", model: "stand-in" });
const speech = { sampleRate: 48_000, samples: Int16Array.from({ length: 48_000 }, (_, i) => 8_000 * Math.sin(i / 20)) };

describe("an OpenAI-compatible endpoint for speech to text", () => {
  it("is sent the turn as a WAV file, and its text comes back", async () => {
    server.answer = { json: { text: " Hello there. " } };
    const stt = getSTTModel({ ...endpoint(), body: { language: "en", temperature: 0 } });
    expect(await stt.stt(speech)).toBe("Hello there.");
    expect(server.asked[0]?.path).toBe("/v1/audio/transcriptions");
    expect(server.asked[0]?.headers["authorization"]).toBe("Bearer sk-secret");
    const form = await server.form();
    expect([form.get("model"), form.get("response_format"), form.get("language"), form.get("temperature")]).toEqual([
      "stand-in",
      "json",
      "en",
      "0",
    ]);
    const file = form.get("file");
    if (!(file instanceof File)) throw new Error("no file");
    expect(file.name).toBe("turn.wav");
    const wav = readWav(new Uint8Array(await file.arrayBuffer()));
    expect([wav.sampleRate, wav.channels]).toEqual([16_000, 1]);
    expect(wav.samples.length).toBeCloseTo(16_000, -2);
  });

  it("is not asked about silence, nor about less than a word", async () => {
    const stt = getSTTModel(endpoint());
    expect(await stt.stt({ sampleRate: 16_000, samples: new Int16Array(32_000) })).toBe("");
    expect(await stt.stt({ sampleRate: 16_000, samples: new Int16Array(800).fill(9_000) })).toBe("");
    await expect(stt.stt({ sampleRate: 0, samples: new Int16Array(9) })).rejects.toMatchObject({
      code: "invalid_audio",
    });
    expect(server.asked).toEqual([]);
  });

  it.each([
    [401, "remote_model_refused"],
    [404, "remote_model_refused"],
    [429, "remote_model_failed"],
    [500, "remote_model_failed"],
  ])("costs one turn when it answers %i, without telling callers what it said", async (status, code) => {
    server.answer = { status, text: '{"error":{"message":"key sk-secret is wrong"}}' };
    const failed = await getSTTModel(endpoint())
      .stt(speech)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code, message: expect.stringContaining(`HTTP ${status}`) });
    expect(failed).toMatchObject({ cause: { message: expect.stringContaining("sk-secret") } });
    expect(String(failed)).not.toContain("sk-secret");
  });

  it("costs one turn when it cannot be reached, or answers nonsense", async () => {
    const nowhere = getSTTModel({ baseURL: "http://127.0.0.1:1/v1", model: "none" });
    await expect(nowhere.stt(speech)).rejects.toMatchObject({ code: "remote_model_failed" });
    server.answer = { json: { words: 7 } };
    await expect(getSTTModel(endpoint()).stt(speech)).rejects.toMatchObject({ code: "remote_model_failed" });
    server.answer = { json: { text: "x".repeat(2_000_000) } };
    await expect(getSTTModel(endpoint()).stt(speech)).rejects.toMatchObject({ code: "remote_model_failed" });
  });

  it("costs one turn when it says nothing, and is hung up on", async () => {
    const stt = getSTTModel({ ...endpoint(), timeoutMs: 50 });
    await expect(stt.stt(speech)).rejects.toMatchObject({ code: "remote_model_timeout" });
    await vi.waitFor(() => expect(server.abandoned).toBe(1));
  });

  it("is hung up on when the turn is not wanted any more", async () => {
    const stop = new AbortController();
    const transcript = getSTTModel(endpoint()).stt(speech, { signal: stop.signal });
    const outcome = expect(transcript).rejects.toThrow("interrupted");
    await vi.waitFor(() => expect(server.asked).toHaveLength(1));
    stop.abort(new Error("interrupted"));
    await outcome;
    await vi.waitFor(() => expect(server.abandoned).toBe(1));
    await expect(getSTTModel(endpoint()).stt(speech, { signal: stop.signal })).rejects.toThrow("interrupted");
  });

  it("is not asked for more at once than it has a limit for", async () => {
    const stt = getSTTModel({ ...endpoint(), timeoutMs: 2_000 });
    const stop = new AbortController();
    const waiting = Array.from({ length: MAX_RUNNING_CALLS }, () => stt.stt(speech, { signal: stop.signal }));
    const outcomes = Promise.allSettled(waiting);
    await expect(stt.stt(speech)).rejects.toMatchObject({ code: "stt_overloaded" });
    stop.abort();
    await outcomes;
    server.answer = { json: { text: "again" } };
    expect(await stt.stt(speech)).toBe("again");
  });
});

describe("an OpenAI-compatible endpoint for text to speech", () => {
  it("speaks sentence by sentence, with the defaults that it was given", async () => {
    server.answer = { bytes: writeWav(new Int16Array(2_400).fill(1_000), 24_000) };
    const tts = getTTSModel({ ...endpoint(), voice: "nova", speed: 1.25 });
    const frames: [string, number, number][] = [];
    for await (const { text, sampleRate, samples } of tts.stream("One. Two.")) {
      frames.push([text, sampleRate, samples.length]);
    }
    expect(frames).toEqual([
      ["One.", 24_000, 2_400],
      ["Two.", 24_000, 2_400],
    ]);
    expect(server.asked.map(({ path }) => path)).toEqual(["/v1/audio/speech", "/v1/audio/speech"]);
    const bodies = server.asked.map(({ bytes }) => JSON.parse(bytes.toString()));
    expect(bodies.find(({ input }) => input === "Two.")).toEqual({
      model: "stand-in",
      input: "Two.",
      voice: "nova",
      speed: 1.25,
      response_format: "wav",
    });
    await tts.tts("Three.", { voice: "onyx" });
    expect(server.json()).toMatchObject({ input: "Three.", voice: "onyx", speed: 1.25 });
  });

  it("may send raw samples, and a WAV file that was streamed", async () => {
    server.answer = { bytes: new Uint8Array([1, 0, 255, 255]), type: "audio/pcm" };
    const pcm = getTTSModel({ ...endpoint(), outputFormat: "pcm", sampleRate: 22_050 });
    expect(await pcm.tts("Hi.")).toEqual({ sampleRate: 22_050, samples: Int16Array.of(1, -1) });
    const streamed = writeWav(Int16Array.of(1, 2, 3), 24_000);
    new DataView(streamed.buffer).setUint32(40, 0xffff_ffff, true);
    server.answer = { bytes: streamed };
    expect(await getTTSModel(endpoint()).tts("Hi.")).toEqual({ sampleRate: 24_000, samples: Int16Array.of(1, 2, 3) });
  });

  it("is told from one that sends what nobody asked for", async () => {
    server.answer = { bytes: new TextEncoder().encode("ID3 an MP3 file") };
    await expect(getTTSModel(endpoint()).tts("Hi.")).rejects.toMatchObject({
      code: "remote_model_failed",
      message: expect.stringContaining("WAV"),
    });
  });
});

describe("an OpenAI-compatible endpoint for language", () => {
  const messages = [{ role: "user", content: "Hi" }] as const;

  it("gives its answer as it writes it", async () => {
    server.answer = { events: chatEvents("Hel", "lo ", "thére.") };
    const llm = getLanguageModel({ ...endpoint(), body: { temperature: 0.5 } });
    const pieces: string[] = [];
    for await (const piece of llm.stream(messages, { instructions: "Be brief." })) pieces.push(piece);
    expect(pieces).toEqual(["Hel", "lo ", "thére."]);
    expect(server.asked[0]?.path).toBe("/v1/chat/completions");
    expect(server.json()).toEqual({
      model: "stand-in",
      stream: true,
      temperature: 0.5,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
    });
  });

  it("streams straight into text to speech: the first sentence is spoken while the rest is being written", async () => {
    server.answer = { events: chatEvents("Hello there. ", "How").slice(0, 2), open: true };
    const llm = getLanguageModel(endpoint());
    const tts = getTTSModel();
    const frames = tts.stream(llm.stream(messages));
    expect((await frames.next()).value?.text).toBe("Hello there.");
    await frames.return();
    await vi.waitFor(() => expect(server.abandoned).toBe(1));
  }, 60_000);

  it("costs one turn when it stops in the middle, or fails there", async () => {
    server.answer = { events: chatEvents("Hello").slice(0, 1), open: true };
    const stalled = getLanguageModel({ ...endpoint(), timeoutMs: 60 }).stream(messages);
    expect((await stalled.next()).value).toBe("Hello");
    await expect(stalled.next()).rejects.toMatchObject({ code: "remote_model_timeout" });
    server.answer = { events: ['{"error":{"message":"overloaded"}}'] };
    await expect(getLanguageModel(endpoint()).stream(messages).next()).rejects.toMatchObject({
      code: "remote_model_failed",
    });
    server.answer = { events: ["no json"] };
    await expect(getLanguageModel(endpoint()).stream(messages).next()).rejects.toMatchObject({
      code: "remote_model_failed",
    });
  });

  it("is hung up on when the reply is interrupted", async () => {
    server.answer = { events: chatEvents("Hello").slice(0, 1), open: true };
    const stop = new AbortController();
    const pieces = getLanguageModel(endpoint()).stream(messages, { signal: stop.signal });
    await pieces.next();
    const next = expect(pieces.next()).rejects.toThrow("interrupted");
    stop.abort(new Error("interrupted"));
    await next;
    await vi.waitFor(() => expect(server.abandoned).toBe(1));
  });
});
