import { describe, expect, it } from "vitest";
import type { AudioFrame } from "../audio/frame.ts";
import type { SileroVadOptions } from "../turn/grid/options.ts";
import type { PauseDetectionModel } from "../turn/grid/pause-detection-model.ts";
import { judgeChunk, type PauseState } from "../turn/grid/pause-state.ts";
import type { ReplyFunction } from "./reply-function.ts";
import { ReplyOnPause } from "./reply-on-pause.ts";
import type { ReplyOnPauseOptions } from "./reply-on-pause-options.ts";
import { ScriptedContext } from "./testing/scripted-context.ts";

const RATE = 16_000;
const FRAME = 320;
const frame = { sampleRate: 24_000, samples: new Int16Array(480) };

/** The model hears speech in all that is not zero. */
const loudness: PauseDetectionModel = {
  vad: ({ samples, sampleRate }) => [samples.filter((sample) => sample !== 0).length / sampleRate, []],
};

function start(handler: ReplyOnPause) {
  const session = new ScriptedContext();
  const copy = handler.copy();
  const { emit, played } = session.start(copy);
  const hear = async (seconds: number, sample: number) => {
    for (let i = 0; i < Math.round((seconds * RATE) / FRAME); i++) {
      await copy.receive({ sampleRate: RATE, samples: new Int16Array(FRAME).fill(sample) });
    }
  };
  return {
    handler: copy,
    session,
    events: session.events,
    hear,
    speak: (seconds: number) => hear(seconds, 1_000),
    pause: (seconds: number) => hear(seconds, 0),
    emit,
    played,
  };
}

const rig = (fn: ReplyFunction, options: ReplyOnPauseOptions = {}) =>
  start(new ReplyOnPause(fn, { inputSampleRate: RATE, model: loudness, ...options }));

const echo: ReplyFunction = async function* ({ audio }) {
  yield audio;
};

describe("ReplyOnPause on FastRTC's grid (row 46)", () => {
  it("goes once around, with FastRTC's messages in FastRTC's order", async () => {
    const { speak, pause, emit, played, events } = rig(echo);
    await pause(0.6);
    await speak(1);
    await pause(0.8);
    expect(await emit()).toMatchObject({ sampleRate: RATE, samples: { length: 1.8 * RATE } });
    expect(await emit()).toBeUndefined();
    played();
    expect(events).toEqual([
      "[listening]",
      "started_talking",
      "[user_speaking]",
      "pause_detected",
      "[thinking]",
      "response_starting",
      "[bot_speaking]",
      "[listening]",
    ]);
  });

  it("answers 0.6 to 1.2 s after the end of speech, by where that falls on the grid", async () => {
    for (const [speechS, waitsS] of [
      [1.2, 0.6],
      [0.82, 0.98],
      [0.78, 1.02],
    ] as const) {
      const { speak, pause, events } = rig(echo);
      await speak(speechS);
      await pause(waitsS - 0.02);
      expect(events).not.toContain("pause_detected");
      await pause(0.02);
      expect(events).toContain("pause_detected");
    }
  });

  it("is interrupted at the interrupting sentence's pause, not before (row 51)", async () => {
    const signals: AbortSignal[] = [];
    const { speak, pause, emit, events, session } = rig(async function* ({ signal }) {
      signals.push(signal);
      for (;;) yield frame;
    });
    await speak(0.6);
    await pause(0.6);
    await emit();
    await speak(1.8);
    expect(signals[0]?.aborted).toBe(false);
    expect(events.at(-1)).toBe("started_talking");
    expect(session.cleared).toBe(0);
    await pause(0.6);
    expect(signals[0]?.aborted).toBe(true);
    expect(session.cleared).toBe(1);
    expect(events.slice(-2)).toEqual(["pause_detected", "[thinking]"]);
    expect(await emit()).toBe(frame);
    expect(events).not.toContain("held");
  });

  it("keeps what is being said when a reply ends meanwhile: FastRTC forgets it", async () => {
    const { speak, pause, emit, played, events } = rig(echo);
    await speak(0.6);
    await pause(0.6);
    await emit();
    await speak(0.6);
    await emit();
    played();
    expect(events.at(-1)).toBe("[user_speaking]");
    await pause(0.6);
    expect(await emit()).toMatchObject({ samples: { length: 1.2 * RATE } });
  });

  it("hears nothing until the reply has been played where it must not be interrupted (row 52)", async () => {
    const { speak, pause, emit, played, events } = rig(echo, { canInterrupt: false });
    await speak(0.6);
    await pause(0.6);
    await emit();
    await emit();
    await speak(1.2);
    await pause(0.6);
    expect(events.at(-1)).toBe("[bot_speaking]");
    played();
    await speak(0.6);
    await pause(0.6);
    expect(events.filter((event) => event === "pause_detected").length).toBe(2);
  });

  it("answers at once when told to, with the chunks so far", async () => {
    const { handler, speak, emit } = rig(echo);
    handler.triggerResponse();
    expect(await emit()).toMatchObject({ samples: { length: 0 } });
    await emit();
    await speak(0.7);
    handler.triggerResponse();
    expect(await emit()).toMatchObject({ samples: { length: 0.6 * RATE } });
  });

  it("ends a turn that is longer than it may be (row 50)", async () => {
    const { speak, emit } = rig(echo, { algoOptions: { maxContinuousSpeechS: 1.8 } });
    await speak(2.4);
    expect(await emit()).toMatchObject({ samples: { length: 1.8 * RATE } });
  });

  it("takes options that make no sense for what they are", () => {
    expect(() => rig(echo, { speech: { silenceMs: 400 } })).toThrow("speech has no meaning beside algoOptions");
    expect(() => rig(echo, { algoOptions: { audioChunkDuration: -1 } })).toThrow("audioChunkDuration");
    expect(() => rig(echo, { modelOptions: { windowSizeSamples: 1_000 } })).toThrow("512, 1024, 1536");
  });
});

describe("a model of one's own (row 57)", () => {
  it("is asked about each chunk, with all of the options, and decides", async () => {
    const asked: [AudioFrame, Partial<SileroVadOptions> | undefined][] = [];
    const model: PauseDetectionModel = {
      vad: async (audio, options) => {
        asked.push([audio, options]);
        return [asked.length === 1 ? 0.3 : 0, [{ start: 0, end: 4_800 }]];
      },
    };
    const { pause, emit } = rig(echo, { model, modelOptions: { threshold: 0.7 } });
    await pause(1.2);
    expect(await emit()).toMatchObject({ samples: { length: 1.2 * RATE } });
    expect(asked.map(([audio]) => [audio.sampleRate, audio.samples.length])).toEqual([
      [RATE, 9_600],
      [RATE, 9_600],
    ]);
    expect(asked[0]?.[1]).toMatchObject({ threshold: 0.7, minSilenceDurationMs: 2_000 });
  });

  it("may keep the audio that it is given", async () => {
    const kept: AudioFrame[] = [];
    const { hear } = rig(echo, { model: { vad: (audio) => [kept.push(audio) && 0, []] } });
    await hear(0.6, 1);
    await hear(0.6, 2);
    expect(kept.map(({ samples }) => [samples[0], samples.at(-1)])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it("that fails is speech, is logged and told once, and the session goes on", async () => {
    const model: PauseDetectionModel = {
      vad: () => Promise.reject(new Error("no such model")),
    };
    const { pause, events, session } = rig(echo, { model });
    await pause(1.8);
    expect(events).toEqual(["[listening]", "error: no such model", "started_talking", "[user_speaking]"]);
    expect(session.logged).toEqual(["Error: no such model"]);
  });
});

describe("determinePause overridden (row 57)", () => {
  const algo = { audioChunkDuration: 1, startedTalkingThreshold: 0.2, speechThreshold: 0.1, maxContinuousSpeechS: 9 };

  class Walkie extends ReplyOnPause {
    constructor() {
      super(echo, { inputSampleRate: RATE, model: loudness });
    }
    override copy(): Walkie {
      return new Walkie();
    }
    override determinePause(audio: Int16Array, sampleRate: number, state: PauseState): boolean {
      if (audio.length < sampleRate) return false;
      // "Over": a sample that says so.
      if (audio.includes(7)) {
        state.keep(audio);
        return true;
      }
      judgeChunk(state, audio.slice(), 1, algo);
      return false;
    }
  }

  it("decides in the place of FastRTC's rule", async () => {
    const { handler, speak, pause, emit, events } = start(new Walkie());
    await speak(1);
    await pause(3);
    expect(events).toEqual(["[listening]", "started_talking", "[user_speaking]"]);
    await handler.receive({ sampleRate: RATE, samples: new Int16Array(RATE).fill(7) });
    expect(events).toContain("pause_detected");
    expect(await emit()).toMatchObject({ samples: { length: 5 * RATE } });
  });

  it("is lost without a copy() of the subclass's own, and that is said", () => {
    class Forgetful extends ReplyOnPause {}
    expect(() => new Forgetful(echo)).toThrow("Forgetful needs a copy() of its own");
  });
});
