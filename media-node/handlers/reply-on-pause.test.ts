/** ReplyOnPause from one turn to the next. Interruptions, thinking ahead and FastRTC's grid have files of their own. */
import { describe, expect, it } from "vitest";
import type { ReplyFunction } from "./reply-function.ts";
import { ReplyOnPause } from "./reply-on-pause.ts";
import { ScriptedContext } from "./testing/scripted-context.ts";
import { echo, frame, settled, spokenTo } from "./testing/spoken-to.ts";

describe("ReplyOnPause", () => {
  it("goes once around: listens, hears, thinks, speaks, listens", async () => {
    const { ask, emit, played, events } = spokenTo(echo);
    ask();
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
    const { pause, ask, emit } = spokenTo(echo);
    pause(3_000);
    ask();
    const reply = await emit();
    const { samples } = reply as { samples: Int16Array };
    const loud = samples.filter((sample) => sample > 50).length / 16;
    expect(loud).toBe(640);
    expect(samples.length / 16 - loud).toBeLessThanOrEqual(320 + 160);
    expect(samples[0]).toBe(1);
  });

  it("says that a reply has begun even if there is nothing to hear", async () => {
    const { ask, emit, events } = spokenTo(async function* () {
      // Nothing to say.
    });
    ask();
    expect(await emit()).toBeUndefined();
    expect(events.slice(-3)).toEqual(["[thinking]", "response_starting", "[listening]"]);
  });

  it("joins what the user adds while the function thinks to the same turn, and takes the first try back", async () => {
    const heardMs: number[] = [];
    const texts: string[][] = [];
    const { speak, pause, ask, emit } = spokenTo(async function* ({ audio, history, signal }) {
      heardMs.push(Math.round(audio.samples.length / 16));
      history.user(`try ${heardMs.length}`);
      texts.push(history.messages.map(({ content }) => content));
      if (heardMs.length === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      yield frame;
    });
    ask();
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
    const { emit, events } = spokenTo(echo, {
      startupFn: async function* () {
        yield frame;
      },
    });
    expect(await emit()).toBe(frame);
    expect(events).toEqual(["[listening]", "[thinking]", "response_starting", "[bot_speaking]"]);
  });

  it("answers at once when told to, even to nothing", async () => {
    const { handler, emit, events } = spokenTo(async function* ({ audio }) {
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

    /** The client answers with a length, once it can. */
    function withLength(ready: Promise<void>): ScriptedContext {
      const inputs = { length: 7 };
      const session: ScriptedContext = new ScriptedContext({
        declaresInputs: true,
        inputs,
        requestInputs: async () => {
          session.events.push("inputs?");
          await ready;
          return inputs;
        },
        clearInputs: () => session.events.push("inputs over"),
      });
      return session;
    }

    it("asks for them once the turn is over, waits for them, and is done with them when it has answered", async () => {
      const { promise: ready, resolve } = Promise.withResolvers<void>();
      const { ask, emit, events } = spokenTo(echoInputs, {}, withLength(ready));
      ask();
      const answer = emit();
      resolve();
      expect(await answer).toMatchObject({ samples: new Int16Array(7) });
      await emit();
      const wire = events.filter((event) => !event.startsWith("["));
      expect(wire).toEqual(["started_talking", "pause_detected", "inputs?", "response_starting", "inputs over"]);
    });

    it("keeps those that came with the request to answer, even if it cuts a reply off", async () => {
      const { handler, speak, ask, emit, events } = spokenTo(echoInputs, {}, withLength(Promise.resolve()));
      ask();
      await emit();
      handler.triggerResponse();
      expect(events).not.toContain("inputs over");
      await emit();
      speak(640);
      expect(events).toContain("inputs over");
    });
  });

  describe("with an end-of-turn model", () => {
    const judge = (probability: number) => ({ judge: async () => probability });

    it("ends the turn of a speaker who is done before silence alone does, and cuts off the silence there is", async () => {
      const { speak, pause, emit, events } = spokenTo(echo, { endOfTurn: judge(0.99) });
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
      const { speak, pause, events } = spokenTo(echo, { endOfTurn: judge(0.1) });
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
      const { speak, pause, events } = spokenTo(echo, { endOfTurn: broken });
      speak(640);
      pause(192);
      await settled();
      pause(416);
      expect(events).toContain("error: no model");
      expect(events).toContain("pause_detected");
    });

    it("is refused where turns are found on FastRTC's grid", () => {
      expect(() => new ReplyOnPause(echo, { endOfTurn: judge(1), algoOptions: {} })).toThrow("endOfTurn");
    });
  });

  it("lets go of everything at shutdown", async () => {
    let aborted = false;
    const { handler, ask, emit } = spokenTo(async function* ({ signal }) {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      await new Promise(() => undefined);
      yield frame;
    });
    const idle = emit();
    handler.shutdown();
    expect(await idle).toBeUndefined();
    ask();
    const busy = emit();
    await Promise.resolve();
    handler.shutdown();
    expect(await busy).toBeUndefined();
    expect(aborted).toBe(true);
  });
});
