import { describe, expect, it } from "vitest";
import type { InputValues } from "../../shared/inputs.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { VAD_WINDOW_MS } from "../turn/speech-detector.ts";
import { AdditionalOutputs, type Emission } from "./emission.ts";
import type { ReplyFunction } from "./reply-function.ts";
import { ReplyOnPause } from "./reply-on-pause.ts";
import type { ReplyOnPauseOptions } from "./reply-on-pause-options.ts";
import { blankContext } from "./testing/blank-context.ts";

const frame = { sampleRate: 24_000, samples: new Int16Array(480) };

/** A handler with a scripted voice activity detector: `speak` and `pause` move it on window by window. */
function rig(
  fn: ReplyFunction,
  options: ReplyOnPauseOptions = {},
  inputs?: { readonly latest: InputValues; readonly ready: Promise<void> },
  phoneMode = false,
) {
  const events: string[] = [];
  const clock = new VirtualClock();
  let pushed = false;
  let probability: (p: number) => void = () => undefined;
  let playing = false;
  let cleared = 0;
  const abort = new AbortController();
  const context = blankContext({
    signal: abort.signal,
    clock,
    phoneMode,
    declaresInputs: inputs !== undefined,
    inputs: inputs?.latest ?? {},
    requestInputs: async () => {
      events.push("inputs?");
      await inputs?.ready;
      return inputs?.latest ?? {};
    },
    clearInputs: () => {
      if (inputs !== undefined) events.push("inputs over");
    },
    send: (message) =>
      events.push(
        message.type === "log" ? message.data : `${message.type} ${"message" in message ? message.message : ""}`,
      ),
    sendText: (text) => events.push(text),
    extend: (message) => {
      if (message.type === "turn") events.push(`[${message.data.state}]`);
    },
    clearQueue: () => {
      cleared += 1;
      playing = false;
      return 0;
    },
    holdOutput: () => events.push("held"),
    resumeOutput: () => events.push("resumed"),
    playing: () => playing,
    openVad: (onProbability) => {
      probability = onProbability;
      const push = () => {
        pushed = true;
      };
      return { push, reset: () => undefined, close: () => undefined };
    },
  });
  // Most of what follows is about turns, not about what is begun before they are over.
  const handler = new ReplyOnPause(fn, { inputSampleRate: 16_000, thinkAheadMs: 0, ...options }).copy();
  handler.attach(context);
  handler.startUp();
  const feed = (p: number, durationMs: number): void => {
    for (let ms = 0; ms < durationMs; ms += VAD_WINDOW_MS) {
      pushed = false;
      void handler.receive({ sampleRate: 16_000, samples: new Int16Array(512).fill(p * 100) });
      if (pushed) probability(p);
    }
  };
  return {
    handler,
    events,
    clock,
    cleared: () => cleared,
    speak: (ms: number) => feed(0.9, ms),
    pause: (ms: number) => feed(0.01, ms),
    /** As the session does: takes one emission, and plays it. */
    emit: async (): Promise<Emission> => {
      const emission = await handler.emit();
      if (emission !== undefined) playing = true;
      return emission;
    },
    played: () => {
      playing = false;
      handler.playbackEnded();
    },
  };
}

const echo: ReplyFunction = async function* ({ audio }) {
  yield audio;
};

describe("ReplyOnPause", () => {
  it("goes once around: listens, hears, thinks, speaks, listens", async () => {
    const { speak, pause, emit, played, events } = rig(echo);
    speak(640);
    pause(608);
    expect(await emit()).toMatchObject({ sampleRate: 16_000 });
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

  it("gives the function what was said, with a little before and after it", async () => {
    const { speak, pause, emit } = rig(echo);
    pause(3_000);
    speak(640);
    pause(608);
    const reply = await emit();
    const { samples } = reply as { samples: Int16Array };
    const loud = samples.filter((sample) => sample > 50).length / 16;
    expect(loud).toBe(640);
    expect(samples.length / 16 - loud).toBeLessThanOrEqual(320 + 160);
    expect(samples[0]).toBe(1);
  });

  it("says that a reply has begun even if there is nothing to hear", async () => {
    const { speak, pause, emit, events } = rig(async function* () {
      // Nothing to say.
    });
    speak(640);
    pause(608);
    expect(await emit()).toBeUndefined();
    expect(events.slice(-3)).toEqual(["[thinking]", "response_starting", "[listening]"]);
  });

  it("is interrupted by speech: aborts the function, drops the audio, hears the user out", async () => {
    let signal: AbortSignal | undefined;
    const { speak, pause, emit, events, cleared } = rig(async function* (turn) {
      signal ??= turn.signal;
      for (;;) yield frame;
    });
    speak(640);
    pause(608);
    await emit();
    speak(192);
    expect(signal?.aborted).toBe(false);
    speak(64);
    expect(signal?.aborted).toBe(true);
    expect(cleared()).toBe(1);
    expect(events.at(-1)).toBe("[user_speaking]");
    pause(608);
    expect(events.at(-1)).toBe("[thinking]");
    expect(await emit()).toBe(frame);
  });

  it("holds the reply as soon as somebody seems to speak, and lets it go on after a cough", async () => {
    const { speak, pause, emit, events, cleared } = rig(async function* () {
      for (;;) yield frame;
    });
    speak(640);
    pause(608);
    await emit();
    for (let cough = 0; cough < 3; cough++) {
      const before = events.length;
      speak(96);
      expect(events.slice(before)).toEqual(["held"]);
      pause(320);
      expect(events.slice(before)).toEqual(["held", "resumed"]);
      pause(1_000);
    }
    expect(cleared()).toBe(0);
    expect(events.at(-1)).toBe("resumed");
    expect(await emit()).toBe(frame);
  });

  it("holds the reply sooner on the telephone, unless it is told when", async () => {
    for (const [phoneMode, options, heldMs] of [
      [false, {}, 64],
      [true, {}, 32],
      [true, { speech: { startMs: 96 } }, 64],
    ] as const) {
      const { speak, pause, emit, events } = rig(echo, options, undefined, phoneMode);
      speak(640);
      pause(608);
      await emit();
      speak(heldMs - VAD_WINDOW_MS);
      expect(events).not.toContain("held");
      speak(VAD_WINDOW_MS);
      expect(events.at(-1)).toBe("held");
    }
  });

  it("holds a reply that begins while somebody seems to speak", async () => {
    const { speak, pause, emit, events } = rig(echo);
    speak(640);
    pause(608);
    speak(96);
    await emit();
    expect(events.slice(-3)).toEqual(["response_starting", "held", "[bot_speaking]"]);
    pause(320);
    expect(events.at(-1)).toBe("resumed");
  });

  it("is not interrupted where it must not be, and does not hear what is said meanwhile", async () => {
    const { speak, pause, emit, events, cleared, played } = rig(echo, { canInterrupt: false });
    speak(640);
    pause(608);
    await emit();
    await emit();
    // The detector sees nothing: windows come only from what was passed on.
    expect(events.at(-1)).toBe("[bot_speaking]");
    played();
    expect(events.at(-1)).toBe("[listening]");
    expect(cleared()).toBe(0);
  });

  it("joins what the user adds while the function thinks to the same turn, and takes the first try back", async () => {
    const heardMs: number[] = [];
    const texts: string[][] = [];
    const { speak, pause, emit } = rig(async function* ({ audio, history, signal }) {
      heardMs.push(Math.round(audio.samples.length / 16));
      history.user(`try ${heardMs.length}`);
      texts.push(history.messages.map(({ content }) => content));
      if (heardMs.length === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      yield frame;
    });
    speak(640);
    pause(608);
    const first = emit();
    await Promise.resolve();
    speak(320);
    expect(await first).toBeUndefined();
    // Somebody who pauses that long and goes on is waited for longer.
    pause(608);
    expect(texts).toHaveLength(1);
    pause(160);
    expect(await emit()).toBe(frame);
    expect(heardMs[1]).toBeGreaterThan((heardMs[0] ?? 0) + 320);
    expect(texts).toEqual([["try 1"], ["try 2"]]);
  });

  it("greets first with its startupFn, without a pause", async () => {
    const { emit, events } = rig(echo, {
      startupFn: async function* () {
        yield frame;
      },
    });
    expect(await emit()).toBe(frame);
    expect(events).toEqual(["[listening]", "[thinking]", "response_starting", "[bot_speaking]"]);
  });

  it("answers at once when told to, even to nothing", async () => {
    const { handler, emit, events } = rig(async function* ({ audio }) {
      yield { ...frame, samples: new Int16Array(audio.samples.length + 1) };
    });
    handler.triggerResponse();
    expect(await emit()).toMatchObject({ samples: new Int16Array(1) });
    expect(events).toContain("pause_detected");
  });

  describe("on a stream with inputs", () => {
    const echoInputs: ReplyFunction = async function* ({ inputs }) {
      yield { ...frame, samples: new Int16Array(Number(inputs["length"])) };
    };

    it("asks for them once the turn is over, waits for them, and is done with them when it has answered", async () => {
      const { promise: ready, resolve } = Promise.withResolvers<void>();
      const { speak, pause, emit, events } = rig(echoInputs, {}, { latest: { length: 7 }, ready });
      speak(640);
      pause(608);
      const answer = emit();
      resolve();
      expect(await answer).toMatchObject({ samples: new Int16Array(7) });
      await emit();
      const wire = events.filter((event) => !event.startsWith("["));
      expect(wire).toEqual(["started_talking", "pause_detected", "inputs?", "response_starting", "inputs over"]);
    });

    it("keeps those that came with the request to answer, even if it cuts a reply off", async () => {
      const { handler, speak, pause, emit, events } = rig(
        echoInputs,
        {},
        { latest: { length: 7 }, ready: Promise.resolve() },
      );
      speak(640);
      pause(608);
      await emit();
      handler.triggerResponse();
      expect(events).not.toContain("inputs over");
      await emit();
      speak(640);
      expect(events).toContain("inputs over");
    });
  });

  it("lets go of everything at shutdown", async () => {
    let aborted = false;
    const { handler, speak, pause, emit } = rig(async function* ({ signal }) {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      await new Promise(() => undefined);
      yield frame;
    });
    const idle = emit();
    handler.shutdown();
    expect(await idle).toBeUndefined();
    speak(640);
    pause(608);
    const busy = emit();
    await Promise.resolve();
    handler.shutdown();
    expect(await busy).toBeUndefined();
    expect(aborted).toBe(true);
  });

  describe("with an end-of-turn model", () => {
    const judge = (probability: number) => ({ judge: async () => probability });
    const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

    it("ends the turn of a speaker who is done before silence alone does, and cuts off the silence there is", async () => {
      const { speak, pause, emit, events } = rig(echo, { endOfTurn: judge(0.99) });
      speak(640);
      pause(192);
      await settled();
      pause(224);
      expect(events).not.toContain("pause_detected");
      pause(32);
      expect(events).toContain("pause_detected");
      // 640 ms of speech and 160 of the 448 ms of silence.
      expect(await emit()).toMatchObject({ samples: { length: 16 * 800 } });
    });

    it("lets a speaker who is not done pause for longer", async () => {
      const { speak, pause, events } = rig(echo, { endOfTurn: judge(0.1) });
      speak(640);
      pause(192);
      await settled();
      pause(768);
      expect(events).not.toContain("pause_detected");
      pause(64);
      expect(events).toContain("pause_detected");
    });

    it("goes by silence alone where the model fails, and says so", async () => {
      const broken = { judge: () => Promise.reject(new Error("no model")) };
      const { speak, pause, events } = rig(echo, { endOfTurn: broken });
      speak(640);
      pause(192);
      await settled();
      pause(416);
      expect(events).toContain("error no model");
      expect(events).toContain("pause_detected");
    });

    it("is refused where turns are found on FastRTC's grid", () => {
      expect(() => new ReplyOnPause(echo, { endOfTurn: judge(1), algoOptions: {} })).toThrow("endOfTurn");
    });
  });

  describe("thinking ahead", () => {
    const ahead = { thinkAheadMs: 320 };

    it("runs the function in a pause, and sends what it gave once the turn is over", async () => {
      const { speak, pause, emit, events } = rig(echo, ahead);
      speak(640);
      pause(320);
      const first = emit();
      await new Promise((resolve) => setImmediate(resolve));
      expect(events).toEqual(["[listening]", "started_talking", "[user_speaking]"]);
      pause(480);
      expect(await first).toMatchObject({ sampleRate: 16_000 });
      expect(events.slice(3)).toEqual(["pause_detected", "[thinking]", "response_starting", "[bot_speaking]"]);
    });

    it("runs it again on everything when the user goes on, and keeps nothing of the first try", async () => {
      const runs: { readonly signal: AbortSignal; readonly ms: number }[] = [];
      const said: string[][] = [];
      const tries: unknown[] = [];
      const { speak, pause, emit, events } = rig(async function* ({ audio, history, state, signal }) {
        runs.push({ signal, ms: audio.samples.length / 16 });
        tries.push(state.get("try"));
        state.set("try", runs.length);
        history.user(`try ${runs.length}`);
        said.push(history.messages.map(({ content }) => content));
        yield new AdditionalOutputs(runs.length);
        yield frame;
      }, ahead);
      speak(640);
      pause(320);
      const first = emit();
      await new Promise((resolve) => setImmediate(resolve));
      speak(320);
      expect(await first).toBeUndefined();
      expect(runs[0]?.signal.aborted).toBe(true);
      pause(320);
      const second = emit();
      await new Promise((resolve) => setImmediate(resolve));
      pause(480);
      expect(await second).toEqual(new AdditionalOutputs(2));
      expect(await emit()).toBe(frame);
      expect(runs[1]?.ms).toBeGreaterThanOrEqual((runs[0]?.ms ?? 0) + 320);
      expect(said).toEqual([["try 1"], ["try 2"]]);
      expect(tries).toEqual([undefined, undefined]);
      speak(640);
      pause(320);
      void emit();
      expect(tries).toEqual([undefined, undefined, 2]);
      expect(events.filter((event) => event === "pause_detected")).toHaveLength(1);
    });

    it("lets the function wait until the turn is over, before what cannot be taken back", async () => {
      const ordered: string[] = [];
      let tries = 0;
      const { speak, pause, emit } = rig(async function* ({ confirmed }) {
        tries += 1;
        await confirmed;
        ordered.push(`order of try ${tries}`);
        yield frame;
      }, ahead);
      speak(640);
      pause(320);
      const first = emit();
      await new Promise((resolve) => setImmediate(resolve));
      speak(320);
      expect(await first).toBeUndefined();
      pause(800);
      expect(await emit()).toBe(frame);
      expect(ordered).toEqual(["order of try 2"]);
    });

    it("says that a try failed only if it was the turn's", async () => {
      let tries = 0;
      const { speak, pause, emit, events } = rig(async function* () {
        tries += 1;
        if (tries < 3) throw new Error(`try ${tries} broke`);
        yield frame;
      }, ahead);
      speak(640);
      pause(320);
      const first = emit();
      await new Promise((resolve) => setImmediate(resolve));
      speak(320);
      expect(await first).toBeUndefined();
      pause(320);
      const second = emit();
      pause(480);
      expect(await second).toBeUndefined();
      expect(events.filter((event) => event.startsWith("error"))).toEqual(["error try 2 broke"]);
      speak(640);
      pause(800);
      expect(await emit()).toBe(frame);
    });

    it("gives a reply that is ready after the usual silence", async () => {
      const { speak, pause, emit } = rig(echo, ahead);
      speak(640);
      pause(320);
      const first = emit();
      await new Promise((resolve) => setImmediate(resolve));
      pause(288);
      expect(await first).toMatchObject({ sampleRate: 16_000 });
    });

    it("keeps the turn open a while for one that is not", async () => {
      const thought = Promise.withResolvers<void>();
      const { speak, pause, emit, events } = rig(async function* () {
        yield new AdditionalOutputs("what was said");
        await thought.promise;
        yield frame;
      }, ahead);
      speak(640);
      pause(320);
      const first = emit();
      await new Promise((resolve) => setImmediate(resolve));
      pause(448);
      expect(events).not.toContain("pause_detected");
      // Nor does it matter that the reply is ready soon after.
      thought.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      expect(events).not.toContain("pause_detected");
      pause(32);
      expect(await first).toEqual(new AdditionalOutputs("what was said"));
      expect(events).toContain("pause_detected");
      expect(await emit()).toBe(frame);
    });

    it("refuses a silence that is none, or longer than the one that ends the turn", () => {
      for (const thinkAheadMs of [-1, 64, 512, Number.NaN]) {
        expect(() => new ReplyOnPause(echo, { thinkAheadMs })).toThrow(RangeError);
      }
    });
  });

  describe("backchannels", () => {
    const hearing = (text: string) => ({ backchannels: { stt: { stt: async () => text } } });

    /** A reply is being played; then somebody speaks for 300 ms. */
    async function interrupted(text: string) {
      const session = rig(async function* () {
        yield frame;
        await new Promise(() => undefined);
      }, hearing(text));
      session.speak(640);
      session.pause(608);
      await session.emit();
      session.speak(320);
      expect(session.events.at(-1)).toBe("held");
      session.pause(192);
      await new Promise((resolve) => setImmediate(resolve));
      return session;
    }

    it("lets a reply go on where it stopped after an uh-huh", async () => {
      const { events, cleared } = await interrupted("Uh-huh.");
      expect(events.at(-1)).toBe("resumed");
      expect(cleared()).toBe(0);
    });

    it("answers what means something", async () => {
      const { events, cleared, pause, emit } = await interrupted("Wait.");
      expect(events.slice(-2)).toEqual(["started_talking", "[user_speaking]"]);
      expect(cleared()).toBe(1);
      pause(608);
      expect(await emit()).toBe(frame);
    });

    it("is only for what is said over a reply", () => {
      const { speak, pause, events } = rig(echo, hearing("Yes."));
      speak(640);
      pause(608);
      expect(events).toContain("pause_detected");
    });
  });

  describe("muting the user", () => {
    it("protects the first reply, and no other", async () => {
      const { speak, pause, emit, played, events, cleared } = rig(echo, {
        muteUser: "first_reply",
        startupFn: () => frame,
      });
      await emit();
      expect(await emit()).toBeUndefined();
      speak(640);
      expect(cleared()).toBe(0);
      played();
      speak(640);
      pause(608);
      await emit();
      speak(640);
      expect(events).toContain("held");
      expect(cleared()).toBe(1);
    });
  });
});
