/** ReplyOnPause thinking ahead: the function runs in a pause, before it is known to end the turn. */
import { describe, expect, it } from "vitest";
import { AdditionalOutputs } from "./emission.ts";
import type { ReplyFunction } from "./reply-function.ts";
import { ReplyOnPause } from "./reply-on-pause.ts";
import { echo, frame, settled, spokenTo } from "./testing/spoken-to.ts";

describe("ReplyOnPause thinking ahead", () => {
  /** As soon as somebody has paused for 320 ms. `begin` speaks, pauses for that long, and asks for the reply. */
  function thinking(fn: ReplyFunction) {
    const call = spokenTo(fn, { thinkAheadMs: 320 });
    const begin = async () => {
      call.speak(640);
      call.pause(320);
      const reply = call.emit();
      await settled();
      return { reply };
    };
    return { ...call, begin };
  }

  it("runs the function in a pause, and sends what it gave once the turn is over", async () => {
    const { begin, pause, events } = thinking(echo);
    const { reply } = await begin();
    expect(events).toEqual(["[listening]", "started_talking", "[user_speaking]"]);
    pause(480);
    expect(await reply).toMatchObject({ sampleRate: 16_000 });
    expect(events.slice(3)).toEqual(["pause_detected", "[thinking]", "response_starting", "[bot_speaking]"]);
  });

  it("runs it again on everything when the user goes on, and keeps nothing of the first try", async () => {
    const runs: { readonly signal: AbortSignal; readonly ms: number }[] = [];
    const said: string[][] = [];
    const tries: unknown[] = [];
    const { begin, speak, pause, emit, events } = thinking(async function* ({ audio, history, state, signal }) {
      runs.push({ signal, ms: audio.samples.length / 16 });
      tries.push(state.get("try"));
      state.set("try", runs.length);
      history.user(`try ${runs.length}`);
      said.push(history.messages.map(({ content }) => content));
      yield new AdditionalOutputs(runs.length);
      yield frame;
    });
    const { reply } = await begin();
    speak(320);
    expect(await reply).toBeUndefined();
    expect(runs[0]?.signal.aborted).toBe(true);
    pause(320);
    const second = emit();
    await settled();
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
    const { begin, speak, pause, emit } = thinking(async function* ({ confirmed }) {
      tries += 1;
      await confirmed;
      ordered.push(`order of try ${tries}`);
      yield frame;
    });
    const { reply } = await begin();
    speak(320);
    expect(await reply).toBeUndefined();
    pause(800);
    expect(await emit()).toBe(frame);
    expect(ordered).toEqual(["order of try 2"]);
  });

  it("says that a try failed only if it was the turn's", async () => {
    let tries = 0;
    const { begin, speak, pause, emit, events } = thinking(async function* () {
      tries += 1;
      if (tries < 3) throw new Error(`try ${tries} broke`);
      yield frame;
    });
    const { reply } = await begin();
    speak(320);
    expect(await reply).toBeUndefined();
    pause(320);
    const second = emit();
    pause(480);
    expect(await second).toBeUndefined();
    expect(events.filter((event) => event.startsWith("error"))).toEqual(["error: try 2 broke"]);
    speak(640);
    pause(800);
    expect(await emit()).toBe(frame);
  });

  it("gives a reply that is ready after the usual silence", async () => {
    const { begin, pause } = thinking(echo);
    const { reply } = await begin();
    pause(288);
    expect(await reply).toMatchObject({ sampleRate: 16_000 });
  });

  it("keeps the turn open a while for one that is not", async () => {
    const thought = Promise.withResolvers<void>();
    const { begin, pause, emit, events } = thinking(async function* () {
      yield new AdditionalOutputs("what was said");
      await thought.promise;
      yield frame;
    });
    const { reply } = await begin();
    pause(448);
    expect(events).not.toContain("pause_detected");
    // Nor does it matter that the reply is ready soon after.
    thought.resolve();
    await settled();
    expect(events).not.toContain("pause_detected");
    pause(32);
    expect(await reply).toEqual(new AdditionalOutputs("what was said"));
    expect(events).toContain("pause_detected");
    expect(await emit()).toBe(frame);
  });

  it("refuses a silence that is none, or longer than the one that ends the turn", () => {
    for (const thinkAheadMs of [-1, 64, 512, Number.NaN]) {
      expect(() => new ReplyOnPause(echo, { thinkAheadMs })).toThrow(RangeError);
    }
  });
});
