import { describe, expect, it } from "vitest";
import { AdditionalOutputs } from "../handlers/emission.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import { checkbox, slider } from "../stream/inputs.ts";
import { Stream } from "../stream/stream.ts";
import { tone } from "../testing/scripted-models.ts";
import { FastRtcCall } from "./testing/fastrtc-call.ts";
import { noting } from "./testing/noting.ts";

describe("row 45: a handler's arguments", () => {
  const inputs = { volume: slider({ value: 0.5 }), loud: checkbox() };

  it("are waited for without a limit, by send_input, and stay set until the next turn", async () => {
    const seen: unknown[] = [];
    const { stream } = noting(
      {
        startUp: async (handler) => {
          seen.push(handler.argsSet);
          seen.push(await handler.waitForArgs(), handler.argsSet, handler.latestArgs);
          seen.push(await handler.waitForArgs());
          handler.reset();
          seen.push(handler.argsSet);
          await handler.waitForArgs();
          seen.push(handler.latestArgs.slice(1));
        },
      },
      { inputs },
    );
    const call = await FastRtcCall.start(stream);
    await call.pass(60_000);
    expect(call.of("send_input")).toEqual(['{"type": "send_input", "data": []}']);
    expect(seen).toEqual([false]);
    call.session.setInputs({ loud: true });
    await call.pass(0);
    const values = { volume: 0.5, loud: true };
    expect(seen).toEqual([false, values, true, ["__webrtc_value__", 0.5, true], values, false]);
    call.session.setInputs({ volume: 1 });
    await call.pass(0);
    expect(seen.at(-1)).toEqual([1, true]);
    await call.end();
  });

  it("are not waited for past the end of the session, nor past a limit", async () => {
    const seen: string[] = [];
    const { stream } = noting(
      {
        startUp: async (handler) => {
          await handler.waitForArgs({ timeoutMs: 1_000 });
          seen.push("late");
          await handler.waitForArgs();
          seen.push("over");
        },
      },
      { inputs },
    );
    const call = await FastRtcCall.start(stream);
    await call.pass(1_000);
    expect(seen).toEqual(["late"]);
    await call.end();
    expect(seen).toEqual(["late", "over"]);
  });
});

describe("rows 48 and 49: replies without a question", () => {
  it("row 48: startupFn speaks first, and no pause is announced", async () => {
    const heard: number[] = [];
    const stream = new Stream(
      new ReplyOnPause(
        async function* ({ audio }) {
          yield audio;
        },
        {
          startupFn: function* ({ audio }) {
            heard.push(audio.samples.length);
            yield tone(200);
          },
        },
      ),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    await call.pass(1_000);
    expect(heard).toEqual([0]);
    expect(call.packetsMs).toHaveLength(10);
    expect(call.texts).toEqual(['{"type": "log", "data": "response_starting"}']);
    await call.end();
  });

  it("row 49: triggerResponse answers with what was said so far, which may be nothing", async () => {
    const heard: number[] = [];
    const stream = new Stream(
      new ReplyOnPause(
        function* ({ audio }) {
          heard.push(audio.samples.length);
          yield new AdditionalOutputs("answered");
        },
        { inputSampleRate: 16_000 },
      ),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    call.session.triggerResponse();
    await call.pass(100);
    await call.sound(600);
    call.session.triggerResponse();
    await call.pass(100);
    expect(heard[0]).toBe(0);
    expect(heard[1]).toBeGreaterThanOrEqual(0.5 * 16_000);
    expect(call.texts.slice(0, 3)).toEqual([
      '{"type": "log", "data": "pause_detected"}',
      '{"type": "fetch_output", "data": []}',
      '{"type": "log", "data": "response_starting"}',
    ]);
    await call.end();
  });
});

describe("row 41: reset", () => {
  /** A handler whose turn a message drops. */
  const resettable = (seen: string[]) =>
    new Stream(
      new ReplyOnPause(
        async function* ({ audio, signal }) {
          seen.push(`heard ${Math.round(audio.samples.length / audio.sampleRate)} s`);
          signal.addEventListener("abort", () => seen.push("aborted"));
          yield tone(2_000);
        },
        { onMessage: (_, handler) => handler.reset() },
      ),
      { modality: "audio" },
    );

  it("drops what the user was saying", async () => {
    const seen: string[] = [];
    const call = await FastRtcCall.start(resettable(seen));
    await call.sound(3_000);
    await call.say('{"type":"reset"}');
    await call.silence(2_000);
    expect(seen).toEqual([]);
    await call.sound(1_000);
    await call.silence(1_500);
    expect(seen).toEqual([expect.stringMatching(/heard [12] s/)]);
    await call.end();
  });

  it("aborts a reply and what is left of it, and the next turn is taken", async () => {
    const seen: string[] = [];
    const call = await FastRtcCall.start(resettable(seen));
    for (let turn = 0; turn < 2; turn++) {
      call.session.triggerResponse();
      await call.pass(500);
      const sent = call.packetsMs.length;
      await call.say('{"type":"reset"}');
      await call.pass(1_000);
      expect(call.packetsMs).toHaveLength(sent);
    }
    expect(seen).toEqual(["heard 0 s", "aborted", "heard 0 s", "aborted"]);
    await call.end();
  });

  it("means nothing while nobody speaks", async () => {
    const call = await FastRtcCall.start(resettable([]));
    await call.say('{"type":"reset"}');
    expect(call.texts).toHaveLength(1);
    await call.end();
  });
});

describe("row 44: output", () => {
  it("leaves every 20 ms, and is dropped at once by clearQueue", async () => {
    const dropped: number[] = [];
    const { stream } = noting({
      startUp: (handler) => handler.out.push(tone(600)),
      emit: (handler) => handler.out.next(),
      onMessage: (handler) => {
        dropped.push(handler.clearQueue());
      },
    });
    const call = await FastRtcCall.start(stream);
    await call.pass(200);
    const gaps = call.packetsMs.slice(2).map((atMs, i) => atMs - (call.packetsMs[i + 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(28);
    const sent = call.packetsMs.length;
    expect(Math.abs(sent - 10)).toBeLessThanOrEqual(2);
    await call.say('{"type":"chat","data":"stop"}');
    await call.pass(1_000);
    expect(call.packetsMs).toHaveLength(sent);
    expect(dropped).toEqual([600 - 20 * sent]);
    await call.end();
  });

  it("is none in mode send, though outputs and messages go on", async () => {
    const stream = new Stream(
      new ReplyOnPause(async function* ({ audio }) {
        yield [audio, new AdditionalOutputs("heard")];
      }),
      { modality: "audio", mode: "send" },
    );
    const call = await FastRtcCall.start(stream);
    for (let turn = 0; turn < 2; turn++) {
      await call.sound(600);
      await call.silence(1_500);
      await call.pass(1_000);
    }
    expect(call.packetsMs).toEqual([]);
    expect(call.of("fetch_output")).toHaveLength(2);
    await call.end();
  });
});
