/** ReplyOnPause in whole calls: with the session, the runner and the player around it. */
import { describe, expect, it } from "vitest";
import { type ReplyFunction, ReplyOnPause, type ReplyOnPauseOptions, Stream } from "../index.ts";
import { pause, TestCall, tone, VirtualClock } from "../testing/index.ts";
import type { Emission } from "./emission.ts";

const call = (fn: ReplyFunction, options: ReplyOnPauseOptions = {}): Promise<TestCall> =>
  TestCall.start(new Stream(new ReplyOnPause(fn, { inputSampleRate: 16_000, ...options }), { modality: "audio" }));

async function ask(line: TestCall): Promise<void> {
  await line.speak(640);
  await line.silence(1_500);
}

describe("a call with ReplyOnPause", () => {
  it("loses one turn to a function that throws, or yields garbage, and answers the next", async () => {
    let turn = 0;
    const line = await call(async function* () {
      turn += 1;
      if (turn === 1) throw new Error("broken");
      if (turn === 2) yield "garbage" as unknown as Emission;
      yield tone(200);
    });
    await ask(line);
    await ask(line);
    expect(() => line.repliedWithin(1_500)).toThrow("No reply");
    await ask(line);
    line.repliedWithin(1_000);
    expect(line.failures).toEqual([
      "broken",
      "A handler yielded string garbage; expected audio { sampleRate, samples }.",
    ]);
    await line.hangUp();
  });

  it("thinks ahead: answers after the usual silence where it can, after a longer one where it cannot, and no later", async () => {
    for (const { thinksMs, options, repliedMs } of [
      { thinksMs: 0, options: {}, repliedMs: 600 },
      { thinksMs: 250, options: {}, repliedMs: 600 },
      { thinksMs: 350, options: {}, repliedMs: 780 },
      { thinksMs: 700, options: {}, repliedMs: 1_000 },
      { thinksMs: 700, options: { thinkAheadMs: 0 }, repliedMs: 1_300 },
      // Over too soon to think ahead.
      { thinksMs: 700, options: { speech: { silenceMs: 300 } }, repliedMs: 1_000 },
    ]) {
      const clock = new VirtualClock();
      const handler = new ReplyOnPause(
        async function* ({ signal }) {
          await pause(clock, thinksMs, signal);
          yield tone(200);
        },
        { inputSampleRate: 16_000, ...options },
      );
      const line = await TestCall.start(new Stream(handler, { modality: "audio" }), { clock });
      await ask(line);
      expect(line.repliedWithin(1_500)).toBe(repliedMs);
      await line.hangUp();
    }
  });

  it("loses one turn to a function that hangs and ignores its signal, and answers the next", async () => {
    const signals: AbortSignal[] = [];
    const line = await call(
      async function* ({ signal }) {
        signals.push(signal);
        if (signals.length === 1) await new Promise(() => undefined);
        yield tone(200);
      },
      { replyTimeoutMs: 5_000 },
    );
    await ask(line);
    await line.silence(5_000);
    expect(line.failures).toEqual([expect.stringContaining("The handler took too long.")]);
    expect(signals[0]?.aborted).toBe(true);
    await ask(line);
    line.repliedWithin(1_000);
    await line.hangUp();
  });

  it("keeps the text of what was heard, and of nothing that was cut off", async () => {
    const line = await call(async function* ({ history }) {
      history.user("Question?");
      yield { ...tone(600), text: "First." };
      yield { ...tone(2_000), text: "The second sentence is cut off" };
    });
    await ask(line);
    await line.silence(200);
    await line.speak(640);
    line.stoppedWithin(200);
    // 600 ms, and of the second sentence what the rest of the time is good for, in whole words.
    const heardMs = line.interruptedAt() - 600;
    const words = "The second sentence is cut off".slice(0, (30 * heardMs) / 2_000).match(/\S+(?=\s)/g) ?? [];
    expect(line.transcript[1]).toEqual({ role: "assistant", text: ["First.", ...words].join(" ") });
    await line.hangUp();
  });

  it("goes on after a cough where it stopped, and nothing of the reply is lost", async () => {
    const line = await call(async function* () {
      yield tone(2_000);
    });
    await ask(line);
    await line.speak(120);
    await line.silence(3_000);
    const heardMs = line.heard.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    expect(line.heard).toHaveLength(2);
    expect(heardMs).toBe(2_000);
    expect(() => line.interruptedAt()).toThrow("No reply was interrupted.");
    await line.hangUp();
  });

  it("is not interrupted where it must not be, and listens again once it has been heard", async () => {
    const line = await call(
      async function* () {
        yield tone(2_000);
      },
      { canInterrupt: false },
    );
    await ask(line);
    await line.speak(400);
    expect(() => line.stoppedWithin(200)).toThrow("The reply stopped after");
    await line.silence(1_500);
    expect(line.heard.map(({ startMs, endMs }) => endMs - startMs)).toEqual([2_000]);
    await ask(line);
    line.repliedWithin(1_000);
    expect(line.heard).toHaveLength(2);
    await line.hangUp();
  });

  it("does not stay deaf where what cannot be interrupted is cleared by the handler itself", async () => {
    class Clearing extends ReplyOnPause {
      override copy(): Clearing {
        return new Clearing(long, { inputSampleRate: 16_000, canInterrupt: false });
      }
      override onMessage(): void {
        this.clearQueue();
      }
    }
    const long: ReplyFunction = async function* () {
      yield tone(3_000);
    };
    const line = await TestCall.start(new Stream(new Clearing(long).copy(), { modality: "audio" }));
    await ask(line);
    await line.send('{"type":"enough"}');
    await ask(line);
    line.repliedWithin(1_000);
    await line.hangUp();
  });

  it("row 77: answers twelve at once whose functions take three seconds each in three seconds", async () => {
    const clock = new VirtualClock();
    const slow = new Stream(
      new ReplyOnPause(
        async function* ({ signal }) {
          await pause(clock, 3_000, signal);
          yield tone(200);
        },
        { inputSampleRate: 16_000 },
      ),
      { modality: "audio", concurrencyLimit: 12 },
    );
    const lines = await Promise.all(Array.from({ length: 12 }, () => TestCall.start(slow, { clock })));
    const askedMs = lines[0]?.nowMs ?? 0;
    for (const line of lines) await line.triggerResponse();
    await clock.advanceAsync(3_100);
    for (const line of lines) expect(line.heard[0]?.startMs).toBeLessThanOrEqual(askedMs + 3_020);
    // They have one clock: all of them at once leave none of their timers on it.
    await Promise.all(lines.map((line) => line.hangUp()));
  });
});
