import { readFileSync } from "node:fs";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { ChunkJudge } from "./chunk-judge.ts";
import { type DeterminePause, GridTurns } from "./grid-turns.ts";
import { type AlgoOptions, completeAlgoOptions, completeSileroOptions, MAX_TURN_S } from "./options.ts";
import type { PauseDetectionModel } from "./pause-detection-model.ts";
import { speechTimestamps } from "./speech-timestamps.ts";

const RATE = 48_000;
/** 20 ms. */
const FRAME = 960;
const FRAMES_PER_CHUNK = 30;

interface RigOptions {
  readonly algo?: Partial<AlgoOptions>;
  readonly model?: PauseDetectionModel;
  readonly determinePause?: DeterminePause;
  /** Takes the turn when it is over, as a handler does. Default true. */
  readonly takes?: boolean;
}

function rig({ algo, model = { vad: () => [0, []] }, determinePause, takes = true }: RigOptions) {
  const clock = new VirtualClock();
  const events: unknown[] = [];
  const errors: string[] = [];
  let frames = 0;
  const onError = (error: unknown) => errors.push(String(error));
  const judge = new ChunkJudge({
    algo: completeAlgoOptions(algo),
    vad: completeSileroOptions(),
    model,
    clock,
    onError,
  });
  const turns = new GridTurns({
    sampleRate: RATE,
    clock,
    determinePause: determinePause ?? ((audio, rate, state) => judge.determinePause(audio, rate, state)),
    onError,
    onEvent: ({ type }) => events.push(type === "speech_ended" && takes ? [frames, turns.take().samples.length] : type),
  });
  return {
    clock,
    turns,
    events,
    errors,
    /** Hears so many frames; their samples are the frame's number. */
    hear: async (count: number) => {
      for (let i = 0; i < count; i++) {
        await turns.push({ sampleRate: RATE, samples: new Int16Array(FRAME).fill(frames) });
        frames += 1;
      }
    },
  };
}

/** A model that has its answers ready; silence after them. */
const scripted = (...seconds: readonly number[]): PauseDetectionModel => {
  const left = [...seconds];
  return { vad: () => [left.shift() ?? 0, []] };
};

/** Silero, but for the network: the first sample of each window says how probable speech is, in thousandths. */
const byRule: PauseDetectionModel = {
  vad: ({ samples }, options) => {
    const probabilities = Array.from({ length: 10 }, (_, i) => (samples[i * 3 * 1_024] ?? 0) / 1_000);
    const chunks = speechTimestamps(probabilities, samples.length / 3, completeSileroOptions(options));
    return [chunks.reduce((sum, { start, end }) => sum + end - start, 0) / 16_000, chunks];
  },
};

const Recorded = v.array(
  v.object({
    algo: v.partial(
      v.object({
        audioChunkDuration: v.number(),
        startedTalkingThreshold: v.number(),
        speechThreshold: v.number(),
        maxContinuousSpeechS: v.number(),
      }),
    ),
    seconds: v.array(v.number()),
    /** Frame, what happened, and for a pause the samples that the function was given. */
    events: v.array(
      v.union([v.strictTuple([v.number(), v.string(), v.number()]), v.strictTuple([v.number(), v.string()])]),
    ),
  }),
);

describe("FastRTC's grid (row 46)", () => {
  it("decides what FastRTC 0.0.34 decided, frame by frame, on the same seconds of speech", async () => {
    const path = new URL("./testing/decisions.json", import.meta.url);
    const recorded = v.parse(Recorded, JSON.parse(readFileSync(path, "utf8")));
    expect(recorded.length).toBeGreaterThanOrEqual(40);
    for (const { algo, seconds, events } of recorded) {
      const given = Object.fromEntries(Object.entries(algo).filter(([, value]) => value !== undefined));
      const ours = rig({ algo: given, model: scripted(...seconds) });
      const chunk = Math.ceil((algo.audioChunkDuration ?? 0.6) / 0.02);
      await ours.hear(chunk * seconds.length);
      const starts = events.filter(([, what]) => what === "started_talking").map(() => "speech_started");
      const pauses = events.flatMap(([frame, what, length]) => (what === "pause" ? [[frame, length]] : []));
      expect(ours.events.filter((event) => typeof event === "string")).toEqual(starts);
      expect(ours.events.filter((event) => typeof event !== "string")).toEqual(pauses);
    }
  });

  it("looks every 0.6 s from the start, and is told of talking and of the pause at a chunk's last frame", async () => {
    const { hear, events } = rig({ model: scripted(0, 0.6, 0.6, 0) });
    await hear(2 * FRAMES_PER_CHUNK - 1);
    expect(events).toEqual([]);
    await hear(1);
    expect(events).toEqual(["speech_started"]);
    await hear(2 * FRAMES_PER_CHUNK);
    expect(events).toEqual(["speech_started", [4 * FRAMES_PER_CHUNK - 1, 3 * FRAMES_PER_CHUNK * FRAME]]);
  });

  it("gives the turn from the chunk in which it began to the silent one, nothing before it", async () => {
    const kept = rig({ model: scripted(0, 0.6, 0), takes: false });
    await kept.hear(3 * FRAMES_PER_CHUNK);
    const { samples, sampleRate } = kept.turns.take();
    expect(sampleRate).toBe(RATE);
    expect([samples[0], samples.at(-1), samples.length / FRAME]).toEqual([30, 89, 60]);
  });

  it("starts a new turn, and a new grid, once the turn is taken", async () => {
    const { hear, turns, events } = rig({ model: scripted(0.6, 0.6, 0) });
    await hear(FRAMES_PER_CHUNK + 10);
    expect(turns.take().samples.length).toBe(FRAMES_PER_CHUNK * FRAME);
    expect(turns.speaking).toBe(false);
    await hear(FRAMES_PER_CHUNK - 1);
    expect(turns.speaking).toBe(false);
    await hear(1);
    expect(turns.speaking).toBe(true);
    expect(events).toEqual(["speech_started", "speech_started"]);
  });

  it.each([
    ["exactly the threshold to start is not talking", [0.2, 0], []],
    ["a little more is", [0.21, 0.2], ["speech_started"]],
    ["exactly the threshold of speech is no pause", [0.6, 0.1], ["speech_started"]],
    ["too little to start again is a pause all the same", [0.6, 0.05], ["speech_started", [59, 57_600]]],
  ])("%s", async (_, seconds, expected) => {
    const { hear, events } = rig({ model: scripted(...seconds) });
    await hear(seconds.length * FRAMES_PER_CHUNK);
    expect(events).toEqual(expected);
  });

  it("cuts off who pauses in the first 350 ms of a chunk, even if they go on inside it", async () => {
    const { turns, events } = rig({ model: byRule });
    const say = async (windows: readonly number[]) => {
      // 20 ms frames of a chunk whose windows of 64 ms have these probabilities.
      const chunk = new Int16Array(FRAMES_PER_CHUNK * FRAME);
      for (const [i, p] of windows.entries()) chunk.fill(p * 1_000, i * 3_072, (i + 1) * 3_072);
      for (let at = 0; at < chunk.length; at += FRAME) {
        await turns.push({ sampleRate: RATE, samples: chunk.subarray(at, at + FRAME) });
      }
    };
    await say(new Array(10).fill(0.9));
    await say([0, 0, 0, 0, 0, 0.9, 0.9, 0.9, 0.9, 0.9]);
    expect(events).toEqual(["speech_started"]);
    await say([0, 0, 0, 0, 0, 0, 0.9, 0.9, 0.9, 0.9]);
    expect(events).toEqual(["speech_started", [0, 3 * FRAMES_PER_CHUNK * FRAME]]);
  });

  it("with Silero's defaults decides the same for any thresholds inside a chunk", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 8 }),
        fc.double({ min: 0.01, max: 0.59, noNaN: true }),
        fc.double({ min: 0.01, max: 0.59, noNaN: true }),
        async (chunks, startedTalkingThreshold, speechThreshold) => {
          const seconds = chunks.map((speech) => (speech ? 0.6 : 0));
          const usual = rig({ model: scripted(...seconds) });
          const other = rig({ model: scripted(...seconds), algo: { startedTalkingThreshold, speechThreshold } });
          for (const { hear } of [usual, other]) await hear(chunks.length * FRAMES_PER_CHUNK);
          expect(other.events).toEqual(usual.events);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("maxContinuousSpeechS (row 50)", () => {
  const algo = { maxContinuousSpeechS: 1.2 };

  it("ends a turn of that length though the user goes on", async () => {
    const { hear, events } = rig({ algo, model: scripted(0.6, 0.6, 0.6, 0.6) });
    await hear(2 * FRAMES_PER_CHUNK);
    expect(events).toEqual(["speech_started", [59, 57_600]]);
    await hear(2 * FRAMES_PER_CHUNK);
    expect(events).toEqual(["speech_started", [59, 57_600], "speech_started", [119, 57_600]]);
  });

  it("leaves the chunk in the buffer, as FastRTC does: a turn that nobody takes is judged with it again", async () => {
    const heard: number[] = [];
    const model: PauseDetectionModel = {
      vad: ({ samples }) => {
        heard.push(samples.length / FRAME);
        return [0.6, []];
      },
    };
    const { hear, turns, events } = rig({ algo, model, takes: false });
    await hear(2 * FRAMES_PER_CHUNK + 1);
    expect(heard).toEqual([30, 30, 31]);
    expect(events).toEqual(["speech_started", "speech_ended", "speech_ended"]);
    expect(turns.take().samples.length / FRAME).toBe(91);
  });

  it("is bounded without it", async () => {
    const { turns, events } = rig({ model: { vad: () => [30, []] }, algo: { audioChunkDuration: 30 } });
    for (let i = 0; i < MAX_TURN_S / 30; i++) {
      expect(events.length).toBeLessThanOrEqual(1);
      await turns.push({ sampleRate: RATE, samples: new Int16Array(30 * RATE) });
    }
    expect(events).toEqual(["speech_started", [0, MAX_TURN_S * RATE]]);
  });
});

describe("what may fail on the grid", () => {
  it("takes audio that cannot be measured for speech, as FastRTC does, and says so once", async () => {
    const answers: PauseDetectionModel = scripted(0.6);
    let calls = 0;
    const model: PauseDetectionModel = {
      vad: (audio, options) => {
        calls += 1;
        if (calls === 1 || calls === 2 || calls === 5) throw new Error("broken");
        return answers.vad(audio, options);
      },
    };
    const { hear, events, errors } = rig({ model });
    await hear(5 * FRAMES_PER_CHUNK);
    // Broken, broken, speech, silence, broken.
    expect(events).toEqual(["speech_started", [119, 4 * 28_800], "speech_started"]);
    expect(errors).toEqual(["Error: broken", "Error: broken"]);
  });

  it("does not wait for ever for a model that hangs", async () => {
    const { clock, turns, events, errors } = rig({ model: { vad: () => new Promise(() => undefined) } });
    const waiting = turns.push({ sampleRate: RATE, samples: new Int16Array(28_800) });
    await clock.advanceAsync(1_000);
    await waiting;
    expect(events).toEqual(["speech_started"]);
    expect(errors).toEqual(["Error: Voice activity detection took longer than 1000 ms."]);
    expect(clock.pending).toBe(0);
  });

  it("loses a turn to an own determinePause that throws or hangs, and finds the next", async () => {
    let mood: "throws" | "hangs" | "works" = "throws";
    const determinePause: DeterminePause = (audio, _rate, state) => {
      if (mood === "throws") throw new Error("broken");
      if (mood === "hangs") return new Promise(() => undefined);
      state.startTalking();
      state.keep(audio);
      state.clearBuffer();
      return state.stream.length >= 3 * FRAME;
    };
    const { hear, clock, turns, events, errors } = rig({ determinePause });
    await hear(2);
    mood = "hangs";
    const waiting = turns.push({ sampleRate: RATE, samples: new Int16Array(FRAME) });
    await clock.advanceAsync(1_900);
    await waiting;
    expect(events).toEqual(["speech_dismissed", "speech_dismissed", "speech_dismissed"]);
    expect(errors).toEqual(["Error: broken"]);
    mood = "works";
    await hear(3);
    expect(events.slice(3)).toEqual(["speech_started", [4, 3 * FRAME]]);
  });

  it("ignores an answer that comes when its turn is gone", async () => {
    const { promise, resolve } = Promise.withResolvers<[number, []]>();
    const { turns, events } = rig({ model: { vad: () => promise } });
    const waiting = turns.push({ sampleRate: RATE, samples: new Int16Array(28_800) });
    turns.take();
    resolve([0.6, []]);
    await waiting;
    expect(events).toEqual([]);
    expect(turns.speaking).toBe(false);
  });
});
