import { describe, expect, it } from "vitest";
import { getCurrentContext } from "../handlers/current-context.ts";
import type { Emission } from "../handlers/emission.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import { Stream } from "../stream/stream.ts";
import { tone } from "../testing/scripted-models.ts";
import { FastRtcCall } from "./testing/fastrtc-call.ts";
import { Noting, noting } from "./testing/noting.ts";

describe("rows 53, 54 and 55: what a handler does wrong", () => {
  it("row 54: a StreamHandler that throws anywhere is told of, and goes on", async () => {
    let failures = 2;
    const failing = (what: string): void => {
      if (failures-- > 0) throw new Error(what);
    };
    const { calls, stream } = noting({
      startUp: () => {
        throw new Error("startUp");
      },
      receive: () => failing("receive"),
      onMessage: async () => {
        throw new Error("onMessage");
      },
      emit: (handler) => handler.out.next(),
    });
    const call = await FastRtcCall.start(stream);
    await call.sound(100);
    await call.say('{"type":"chat"}');
    const told = call.of("error").map((text) => /"message": "(\w+)"/.exec(text)?.[1]);
    expect(told).toEqual(["startUp", "receive", "receive", "onMessage"]);
    await call.say('{"type":"more"}');
    expect(calls.filter((name) => name.startsWith("message"))).toHaveLength(2);
    expect(call.ended).toBeUndefined();
    await call.end();
  });

  it("row 54: one that fails on every frame floods neither the client nor the log", async () => {
    const { stream } = noting({
      receive: () => {
        throw new Error("deaf");
      },
    });
    const call = await FastRtcCall.start(stream);
    await call.sound(10_000);
    expect(call.of("error").length).toBeLessThanOrEqual(20);
    expect(call.logged.length).toBeLessThanOrEqual(20);
    await call.end();
  });

  it("row 55: one that never finishes with a frame, or a message, is given the next", async () => {
    const { calls, stream } = noting({
      receive: () => new Promise(() => undefined),
      onMessage: () => new Promise(() => undefined),
    });
    const call = await FastRtcCall.start(stream);
    await call.say('{"type":"a"}');
    await call.say('{"type":"b"}');
    await call.sound(100);
    await call.pass(10_000);
    expect(call.of("error").join()).toContain("The handler's receive took longer than 10000 ms.");
    expect(calls).toContain('message {"type":"b"}');
    await call.end();
  });

  it("row 55: an emit with a limit is asked anew when it has passed", async () => {
    let asked = 0;
    class Stuck extends Noting {
      override readonly emitTimeoutMs = 2_000;
      override copy(): Noting {
        return new Stuck(this.calls, this.script);
      }
    }
    const emit = (): Emission | Promise<Emission> => {
      asked += 1;
      return asked === 1 ? new Promise(() => undefined) : asked === 2 ? tone(20) : undefined;
    };
    const call = await FastRtcCall.start(new Stream(new Stuck([], { emit }), { modality: "audio" }));
    await call.pass(3_000);
    expect(call.of("error").join()).toContain("The handler's emit took longer than 2000 ms.");
    expect(call.packetsMs).toHaveLength(1);
    await call.end();
  });

  it.each([
    ["throws", () => Promise.reject(new Error("no idea")), "no idea"],
    [
      "yields garbage",
      async () => ({ text: "hello" }) as unknown as Emission,
      "A handler yielded Object with keys text",
    ],
    ["hangs", () => new Promise<Emission>(() => undefined), "The handler took too long"],
  ])("rows 54 and 55: a reply function that %s costs its turn", async (_, wrong, message) => {
    let turns = 0;
    const signals: AbortSignal[] = [];
    const stream = new Stream(
      new ReplyOnPause(
        ({ audio, signal }) => {
          turns += 1;
          signals.push(signal);
          return turns === 1 ? wrong() : audio;
        },
        { replyTimeoutMs: 3_000 },
      ),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    await call.sound(600);
    await call.silence(1_000);
    await call.pass(3_000);
    expect(call.of("error").join()).toContain(message);
    expect(signals[0]?.aborted).toBe(true);
    expect(call.packetsMs).toEqual([]);
    await call.sound(600);
    await call.silence(1_500);
    expect(call.packetsMs.length).toBeGreaterThan(20);
    expect(call.of("error")).toHaveLength(1);
    await call.end();
  });

  it("row 55: a reply that takes longer than a minute, and may, comes, and one that must not costs its turn", async () => {
    const slow = (replyTimeoutMs?: number) =>
      new Stream(
        new ReplyOnPause(
          async function* () {
            const { promise, resolve } = Promise.withResolvers<void>();
            getCurrentContext().clock.after(90_000, resolve);
            await promise;
            yield tone(200);
          },
          replyTimeoutMs === undefined ? {} : { replyTimeoutMs },
        ),
        { modality: "audio" },
      );
    const patient = await FastRtcCall.start(slow(120_000));
    patient.session.triggerResponse();
    await patient.pass(91_000);
    expect([patient.packetsMs.length, patient.of("error")]).toEqual([10, []]);
    await patient.end();
    const strict = await FastRtcCall.start(slow());
    for (let turn = 0; turn < 2; turn++) {
      strict.session.triggerResponse();
      await strict.pass(61_000);
    }
    expect([strict.packetsMs.length, strict.of("error").length]).toEqual([0, 2]);
    await strict.pass(120_000);
    expect(strict.packetsMs).toEqual([]);
    await strict.end();
  });

  it("row 53: an interruption aborts the reply, returns its generator, and drops what it had said", async () => {
    const seen: string[] = [];
    const stream = new Stream(
      new ReplyOnPause(async function* ({ signal }) {
        signal.addEventListener("abort", () => seen.push("aborted"));
        try {
          for (;;) yield tone(100);
        } finally {
          seen.push("returned");
        }
      }),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    call.session.triggerResponse();
    await call.pass(2_000);
    expect(seen).toEqual([]);
    await call.sound(400);
    expect(seen).toEqual(["aborted", "returned"]);
    const sent = call.packetsMs.length;
    await call.sound(400);
    expect(call.packetsMs).toHaveLength(sent);
    await call.end();
  });

  it("row 52: a reply that must not be interrupted is heard to its end, what is said meanwhile by nobody", async () => {
    const heard: number[] = [];
    const stream = new Stream(
      new ReplyOnPause(
        async function* ({ audio }) {
          heard.push(audio.samples.length);
          yield tone(1_000);
        },
        { canInterrupt: false },
      ),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    call.session.triggerResponse();
    await call.sound(800);
    await call.silence(3_000);
    expect([heard, call.packetsMs.length]).toEqual([[0], 50]);
    await call.sound(600);
    await call.silence(1_500);
    expect(heard).toHaveLength(2);
    await call.end();
  });

  it.each([
    ["nothing that has a text", () => Object.create(null)],
    ["a novel", () => new Error("x".repeat(1_000_000))],
    ["undefined", () => undefined],
  ])("row 54: who throws %s is told of, and asked again", async (_, thrown) => {
    let asked = 0;
    const { stream } = noting({
      emit: (handler) => {
        asked += 1;
        if (asked <= 2) throw thrown();
        return asked === 3 ? tone(20) : handler.out.next(handler.signal);
      },
    });
    const call = await FastRtcCall.start(stream);
    await call.pass(2_000);
    expect(call.of("error")).toHaveLength(2);
    expect(Math.max(...call.texts.map(({ length }) => length))).toBeLessThan(5_000);
    expect(call.packetsMs).toHaveLength(1);
    await call.end();
  });

  it("row 54: an iterator that cannot be stopped is left behind, and the next turn is taken", async () => {
    let turns = 0;
    const stubborn = {
      next: () => ({ done: false, value: tone(100) }),
      return: () => {
        throw new Error("will not stop");
      },
      [Symbol.iterator]() {
        return this;
      },
    };
    const stream = new Stream(
      new ReplyOnPause(() => {
        turns += 1;
        return turns === 1 ? stubborn : tone(200);
      }),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    call.session.triggerResponse();
    await call.pass(500);
    call.session.triggerResponse();
    await call.pass(1_000);
    expect(turns).toBe(2);
    await call.end();
    expect(call.clock.pending).toBe(0);
  });

  it("row 53: the end of the session stops a reply that ignores its signal, and returns its generator", async () => {
    const seen: string[] = [];
    const stream = new Stream(
      new ReplyOnPause(async function* () {
        try {
          for (;;) yield tone(100);
        } finally {
          seen.push("returned");
        }
      }),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    call.session.triggerResponse();
    await call.pass(500);
    await call.end();
    expect(seen).toEqual(["returned"]);
    expect(call.clock.pending).toBe(0);
  });
});
