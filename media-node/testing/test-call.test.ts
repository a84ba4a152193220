import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { AdditionalOutputs, CloseStream } from "../handlers/emission.ts";
import { type ReplyFunction, ReplyOnPause } from "../index.ts";
import { Stream } from "../stream/stream.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { HANGS, type Scripted, scriptedLlm, scriptedStt, scriptedTts, tone } from "./scripted-models.ts";
import { TestCall } from "./test-call.ts";
import { scriptedVad, sileroVad } from "./voice-activity.ts";

const streamOf = (fn: ReplyFunction): Stream =>
  new Stream(new ReplyOnPause(fn, { inputSampleRate: 16_000 }), { modality: "audio" });

/** A voice assistant with scripted models. */
function assistant(questions: readonly Scripted[], answers: readonly Scripted[]) {
  const clock = new VirtualClock();
  const models = {
    stt: scriptedStt(questions, { clock }),
    llm: scriptedLlm(answers, { clock }),
    tts: scriptedTts({ clock }),
  };
  const { stt, llm, tts } = models;
  const stream = streamOf(async function* ({ audio, history, signal }) {
    history.user(await stt.stt(audio, { signal }));
    yield* tts.stream(llm.stream(history.messages, { signal }), { signal });
  });
  return { ...models, start: () => TestCall.start(stream, { clock }) };
}

describe("TestCall", () => {
  it("plays a conversation without waiting: what is said, when, and what is kept of it", async () => {
    const { start, stt, llm } = assistant(["What time is it?"], ["It is noon. Shall I ring a bell?"]);
    const call = await start();
    await call.speak(1_200);
    await call.silence(6_000);
    expect(call.repliedWithin(1_500)).toBeGreaterThan(100 + 300 + 100);
    call.understood("What time is it?");
    call.said(/noon.*bell/);
    expect(stt.heard).toHaveLength(1);
    expect(llm.asked).toEqual([[{ role: "user", content: "What time is it?" }]]);
    expect(call.transcript.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(call.errors).toEqual([]);
    await call.hangUp();
    expect(call.ended).toBe("client_closed");
  });

  it("knows how soon a reply fell silent when it was interrupted, and how much of it was heard", async () => {
    const { start } = assistant(
      ["Tell me a story.", "Stop."],
      ["Once upon a time there was a very long sentence", "Yes."],
    );
    const call = await start();
    await call.speak(800);
    await call.silence(2_500);
    const { startMs } = call.heard[0] ?? { startMs: Number.NaN };
    const spokeMs = call.nowMs;
    await call.speak(600);
    expect(call.stoppedWithin(200)).toBeGreaterThanOrEqual(60);
    expect(Math.abs(call.interruptedAt() - (spokeMs - startMs))).toBeLessThanOrEqual(200);
    await call.silence(3_000);
    call.said(/^Once upon a/);
    expect(() => call.said("sentence")).toThrow(/has not said sentence/);
    call.said("Yes.");
    await call.hangUp();
  });

  it("records what was heard, at its moment", async () => {
    const call = await TestCall.start(
      streamOf(async function* () {
        yield tone(500);
      }),
    );
    await call.speak(640);
    await call.silence(2_000);
    const [reply] = call.heard;
    expect(call.heard).toHaveLength(1);
    const { samples, sampleRate } = call.recording;
    const first = samples.findIndex((sample) => Math.abs(sample) > 1_000);
    expect(Math.abs((first / sampleRate) * 1_000 - (reply?.startMs ?? 0))).toBeLessThan(5);
    expect(samples.length / sampleRate).toBeCloseTo(((reply?.startMs ?? 0) + 500) / 1_000, 1);
    expect(call.wav.length).toBe(44 + 2 * samples.length);
    await call.hangUp();
  });

  it("has models that fail and hang as scripted: the call goes on", async () => {
    const { start, stt } = assistant([new Error("no ears"), "Hello?", "Anybody?"], [HANGS, "Here I am."]);
    const call = await start();
    for (let turn = 0; turn < 3; turn++) {
      await call.speak(640);
      await call.silence(2_000);
      // Nobody waits a minute for a model that hangs: they speak again.
      if (turn === 1) expect(() => call.repliedWithin(60_000)).toThrow(/No reply/);
    }
    expect(call.failures).toEqual(["no ears"]);
    expect(stt.heard).toHaveLength(3);
    call.said("Here I am.");
    await call.hangUp();
  });

  it("says clearly that a script is over", async () => {
    const { start } = assistant([], []);
    const call = await start();
    await call.speak(640);
    await call.silence(1_000);
    expect(call.failures).toEqual(["The script of speech to text has 0 answers; it was asked for a further one."]);
    await call.hangUp();
  });

  it("has everything else a client has: messages, outputs, inputs, the request to answer, the end", async () => {
    const stream = new Stream(
      new ReplyOnPause(async function* ({ audio }) {
        yield new AdditionalOutputs({ samples: audio.samples.length });
        yield new CloseStream("Goodbye");
      }),
      { modality: "audio" },
    );
    const call = await TestCall.start(stream);
    await call.send("whatever");
    await call.triggerResponse();
    await call.pass(3_000);
    const types = call.events.map(({ message }) => message.type);
    expect(types).toEqual(
      expect.arrayContaining(["session", "turn", "log", "output", "fetch_output", "end_stream", "bye"]),
    );
    expect(call.ended).toBe("handler_closed");
  });

  it("takes a script in place of the detector", async () => {
    // Silence that is taken for speech between 1.0 and 1.6 s.
    const vad = scriptedVad((_samples, atMs) => (atMs >= 1_000 && atMs < 1_600 ? 0.9 : 0));
    const call = await TestCall.start(
      streamOf(async function* () {
        yield tone(200);
      }),
      { vad },
    );
    await call.silence(3_000);
    const [reply] = call.heard;
    expect(reply?.startMs).toBeGreaterThan(1_600);
    await call.hangUp();
  });

  it("hears recorded speech with the real detector, the same at every run", async () => {
    const vad = await sileroVad();
    try {
      const wav = await readFile(new URL("../../test/fixtures/speech/librivox-0880.wav", import.meta.url));
      const run = async () => {
        const call = await TestCall.start(
          streamOf(async function* ({ audio }) {
            yield audio;
          }),
          { vad },
        );
        await call.silence(500);
        await call.say(wav);
        await call.silence(2_000);
        await call.hangUp();
        return call.heard;
      };
      const heard = await run();
      expect(heard.length).toBeGreaterThan(0);
      expect(await run()).toEqual(heard);
    } finally {
      await vad.close();
    }
  });
});
