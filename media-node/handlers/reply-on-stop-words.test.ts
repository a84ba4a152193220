import { describe, expect, it } from "vitest";
import type { AudioFrame } from "../audio/frame.ts";
import type { STTModel } from "../speech/index.ts";
import type { PauseDetectionModel } from "../turn/grid/pause-detection-model.ts";
import { VAD_WINDOW_MS } from "../turn/speech-detector.ts";
import type { ReplyFunction } from "./reply-function.ts";
import { ReplyOnStopWords, type ReplyOnStopWordsOptions } from "./reply-on-stop-words.ts";
import { ScriptedContext } from "./testing/scripted-context.ts";

const RATE = 16_000;
/** One VAD window. */
const FRAME = 512;
const frame = { sampleRate: 24_000, samples: new Int16Array(480) };

/** What each sample means when it is transcribed. */
const VOCABULARY = new Map([
  [1, "computer"],
  [2, "time please"],
  [3, "chatter"],
]);

/** Transcribes audio by its samples. `heard` has what it was given, in milliseconds. */
function scriptedStt() {
  const heardMs: number[] = [];
  const mood = { current: "works" as "works" | "fails" | "hangs" };
  const model: STTModel = {
    stt: async ({ samples }: AudioFrame) => {
      heardMs.push(samples.length / 16);
      if (mood.current === "fails") throw new Error("no transcript");
      if (mood.current === "hangs") await new Promise(() => undefined);
      const said = samples.filter((sample, i) => sample !== 0 && sample !== samples[i - 1]);
      return Array.from(said, (sample) => VOCABULARY.get(sample)).join(" ");
    },
  };
  return { model, heardMs, mood };
}

const echo: ReplyFunction = async function* ({ audio }) {
  yield audio;
};

function rig(fn: ReplyFunction = echo, options: ReplyOnStopWordsOptions = {}) {
  const stt = scriptedStt();
  const session = new ScriptedContext();
  const given = { inputSampleRate: RATE, sttModel: stt.model, thinkAheadMs: 0, ...options };
  const handler = new ReplyOnStopWords(fn, ["computer"], given).copy();
  const { emit, played } = session.start(handler);
  const hear = async (sample: number, durationMs: number) => {
    for (let ms = 0; ms < durationMs; ms += VAD_WINDOW_MS) {
      await handler.receive({ sampleRate: RATE, samples: new Int16Array(FRAME).fill(sample) });
      session.window(sample === 0 ? 0.01 : 0.9);
      await session.clock.advanceAsync(VAD_WINDOW_MS);
    }
  };
  return {
    handler,
    session,
    stt,
    events: session.events,
    hear,
    computer: () => hear(1, 512),
    question: () => hear(2, 640),
    chatter: (ms = 640) => hear(3, ms),
    pause: (ms: number) => hear(0, ms),
    emit,
    played,
  };
}

const heard = (emission: unknown): number[] => {
  const { samples } = emission as { samples: Int16Array };
  return [...new Set(samples.filter((sample) => sample !== 0))];
};

describe("ReplyOnStopWords (row 56)", () => {
  it("hears nothing before the stop word was said", async () => {
    const { chatter, pause, events } = rig();
    await chatter();
    await pause(2_000);
    expect(events).toEqual(["[listening]"]);
  });

  it("answers what is said after it, and says when it heard it, but not that the user talks", async () => {
    const { computer, question, pause, emit, played, events } = rig();
    await computer();
    await pause(960);
    expect(events).toEqual(["[listening]", "stopword: "]);
    await question();
    await pause(640);
    expect(heard(await emit())).toEqual([2]);
    expect(await emit()).toBeUndefined();
    played();
    expect(events).toEqual([
      "[listening]",
      "stopword: ",
      "[user_speaking]",
      "pause_detected",
      "[thinking]",
      "response_starting",
      "[bot_speaking]",
      "[listening]",
    ]);
  });

  it("loses nothing of a question in the same breath", async () => {
    const { computer, question, pause, emit, events } = rig();
    await computer();
    await question();
    await pause(640);
    expect(events).toContain("pause_detected");
    expect(heard(await emit())).toContain(2);
  });

  it("takes a question that was over before the word was found", async () => {
    const { hear, pause, emit, events, stt } = rig();
    await hear(1, 320);
    await hear(2, 320);
    await pause(640);
    expect(stt.heardMs).toHaveLength(1);
    expect(events).toContain("pause_detected");
    expect(heard(await emit())).toEqual([1, 2]);
  });

  it("wants the word again after each reply", async () => {
    const { computer, question, pause, emit, played, events } = rig();
    for (const _ of [1, 2]) {
      await computer();
      await pause(320);
      await question();
      await pause(640);
      await emit();
      await emit();
      played();
      await question();
      await pause(1_000);
    }
    expect(events.filter((event) => event === "stopword: ").length).toBe(2);
    expect(events.filter((event) => event === "pause_detected").length).toBe(2);
  });

  it("transcribes only once somebody has spoken, at most two seconds of it", async () => {
    const { pause, chatter, stt } = rig();
    await pause(10_000);
    expect(stt.heardMs).toEqual([]);
    await chatter(640);
    await pause(5_000);
    expect(stt.heardMs).toHaveLength(1);
    await chatter(6_400);
    await pause(1_000);
    expect(stt.heardMs.length).toBeLessThanOrEqual(1 + 8);
    expect(Math.max(...stt.heardMs)).toBeLessThanOrEqual(2_000);
  });

  it("is interrupted by the word and what follows, not by chatter", async () => {
    const { computer, question, pause, chatter, emit, session, events } = rig(async function* () {
      for (;;) yield frame;
    });
    await computer();
    await pause(320);
    await question();
    await pause(640);
    await emit();
    await chatter();
    await pause(1_000);
    expect(session.cleared).toBe(0);
    await computer();
    await pause(320);
    await question();
    expect(session.cleared).toBe(1);
    expect(events.at(-1)).toBe("[user_speaking]");
  });

  it("answers at once when told to, without the word", async () => {
    const { handler, emit, chatter } = rig();
    await chatter();
    handler.triggerResponse();
    expect(await emit()).toMatchObject({ samples: { length: 0 } });
  });

  it.each(["fails", "hangs"] as const)("says so when its model %s, and hears the next word", async (mood) => {
    const { computer, chatter, pause, stt, events, session } = rig();
    stt.mood.current = mood;
    await chatter();
    await pause(6_000);
    stt.mood.current = "works";
    await computer();
    await pause(640);
    expect(events).toContain("stopword: ");
    expect(events.filter((event) => event.startsWith("error")).length).toBe(1);
    expect(session.logged.length).toBe(1);
    expect(session.clock.pending).toBe(0);
  });

  it("lets go of everything at shutdown", async () => {
    const { handler, computer, pause, stt, events, session } = rig();
    stt.mood.current = "hangs";
    await computer();
    await pause(320);
    handler.shutdown();
    await session.clock.advanceAsync(10_000);
    expect(events).toEqual(["[listening]"]);
    expect(session.clock.pending).toBe(0);
  });

  it("needs stop words", () => {
    expect(() => new ReplyOnStopWords(echo, [], { sttModel: scriptedStt().model })).toThrow("Stop words are a list");
  });

  it("needs a copy() in its subclasses", () => {
    class Forgetful extends ReplyOnStopWords {}
    const options = { sttModel: scriptedStt().model };
    expect(() => new Forgetful(echo, ["computer"], options)).toThrow("Forgetful needs a copy() of its own");
  });

  describe("on FastRTC's grid", () => {
    const model: PauseDetectionModel = {
      vad: ({ samples, sampleRate }) => {
        const spoken = samples.filter((sample) => sample !== 0).length;
        return [spoken / sampleRate, spoken === 0 ? [] : [{ start: 0, end: samples.length }]];
      },
    };
    const chunks = (count: number) => count * 608;
    const onGrid = (fn?: ReplyFunction) => rig(fn, { model, algoOptions: { maxContinuousSpeechS: 0.7 } });

    it("listens for the word in each chunk, and from the next one on for a pause", async () => {
      const { chatter, computer, question, pause, emit, events, stt } = onGrid();
      await chatter(chunks(1));
      await computer();
      await pause(96);
      expect(events).toEqual(["[listening]", "stopword: "]);
      await question();
      await question();
      await pause(1_300);
      // No longest turn here, as in FastRTC.
      expect(heard(await emit())).toEqual([2]);
      expect(events).toEqual([
        "[listening]",
        "stopword: ",
        "[user_speaking]",
        "pause_detected",
        "[thinking]",
        "response_starting",
        "[bot_speaking]",
      ]);
      expect(stt.heardMs).toEqual([608, 1_216]);
    });

    it("wants the word again after each reply", async () => {
      const { computer, question, pause, emit, events } = onGrid();
      await computer();
      await pause(96);
      await question();
      await pause(1_300);
      await emit();
      await question();
      await pause(1_300);
      expect(events.filter((event) => event === "pause_detected").length).toBe(1);
    });

    it("transcribes at most two seconds, and only speech", async () => {
      const { chatter, pause, stt } = onGrid();
      await pause(chunks(3));
      expect(stt.heardMs).toEqual([]);
      await chatter(chunks(8));
      expect(Math.max(...stt.heardMs)).toBeLessThanOrEqual(2_000);
    });
  });
});
