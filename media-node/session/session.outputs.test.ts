import { describe, expect, it } from "vitest";
import { getCurrentContext } from "../handlers/current-context.ts";
import { AdditionalOutputs, type Emission } from "../handlers/emission.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import type { SessionFacts } from "../handlers/run.ts";
import { StreamEvery } from "../handlers/stream-every.ts";
import { slider } from "../stream/inputs.ts";
import { output } from "../stream/outputs.ts";
import { Stream } from "../stream/stream.ts";
import { tone } from "../testing/scripted-models.ts";
import { FastRtcCall } from "./testing/fastrtc-call.ts";
import { noting } from "./testing/noting.ts";

const echo = () =>
  new ReplyOnPause(async function* ({ audio }) {
    yield audio;
  });

describe("row 61: a stream that only sends", () => {
  const radio = (autostart: boolean, seen: unknown[] = []) =>
    new Stream(
      async function* ({ inputs }) {
        seen.push(inputs);
        for (let n = 0; n < 3; n++) yield tone(200);
      },
      { modality: "audio", mode: "receive", autostart, inputs: { volume: slider({ value: 1 }) } },
    );

  it("starts with a FastRTC client's inputs, all of which reach it, and hangs up when it is done", async () => {
    const seen: unknown[] = [];
    const call = await FastRtcCall.start(radio(false, seen));
    await call.pass(5_000);
    expect([seen, call.texts]).toEqual([[], []]);
    call.session.setInputs({ volume: 0.25 });
    await call.pass(700);
    expect(seen).toEqual([{ volume: 0.25 }]);
    expect(call.packetsMs).toHaveLength(30);
    expect(call.of("end_stream")).toHaveLength(1);
    await call.pass(3_000);
    expect(call.ended).toBe("handler_closed");
  });

  it("starts at once where it says autostart, and for a client that says hello", async () => {
    const auto = await FastRtcCall.start(radio(true));
    await auto.pass(400);
    expect(auto.packetsMs.length).toBeGreaterThan(10);
    await auto.end();
    const ours = await FastRtcCall.start(radio(false));
    await ours.say('{"type":"hello","protocol":1}');
    await ours.pass(400);
    expect(ours.packetsMs.length).toBeGreaterThan(10);
    await ours.end();
  });

  it("hears nothing of the client", async () => {
    const { calls, stream } = noting({}, { mode: "receive" });
    const call = await FastRtcCall.start(stream);
    await call.sound(100);
    expect(calls).toEqual(["copy", "startUp", "emit"]);
    await call.end();
  });
});

describe("row 63: additional outputs", () => {
  it("come alone and beside audio, each announced once", async () => {
    const outputs: string[] = [];
    const script: Emission[] = [
      new AdditionalOutputs(1),
      [tone(20), new AdditionalOutputs("two", 2)],
      [[24_000, new Float32Array(480)], new AdditionalOutputs({ three: 3 })],
    ];
    const { stream } = noting({ emit: () => script.shift() });
    const call = await FastRtcCall.start(stream, { onOutput: ({ json }) => outputs.push(json) });
    call.session.watchOutputs(0);
    await call.pass(1_000);
    expect(call.of("fetch_output")).toHaveLength(3);
    expect(call.packetsMs).toHaveLength(2);
    expect(call.session.watchOutputs(0).kept.map(({ json }) => json)).toEqual(["[1]", '["two",2]', '[{"three":3}]']);
    await call.end();
  });

  it("that the client's channel does not take are told of, and kept for the event stream", async () => {
    const script: Emission[] = [new AdditionalOutputs("x".repeat(100_000)), new AdditionalOutputs("small")];
    const { stream } = noting({ emit: () => script.shift() });
    const call = new FastRtcCall(stream);
    const { transport } = call.session;
    const send = transport.sendText.bind(transport);
    transport.sendText = (text) => text.length < 65_536 && send(text);
    await call.connect();
    await call.say('{"type":"hello","protocol":1}');
    transport.events.channelOpen();
    await call.pass(1_000);
    expect(call.of("error").join()).toContain("GET /outputs has it");
    expect(call.texts).toContain('{"type":"output","data":["small"]}');
    expect(call.session.watchOutputs(0).kept).toHaveLength(2);
    await call.end();
  });

  it("that JSON cannot hold are refused, and the next ones come", async () => {
    const script: Emission[] = [new AdditionalOutputs(1n), new AdditionalOutputs("fine")];
    const { stream } = noting({ emit: () => script.shift() });
    const call = await FastRtcCall.start(stream);
    await call.pass(1_000);
    expect(call.of("error")).toHaveLength(1);
    expect(call.session.watchOutputs(0).kept.map(({ json }) => json)).toEqual(['["fine"]']);
    await call.end();
  });
});

describe("row 65: the context", () => {
  it("is found by all code that runs for the session, with its ids and the request's facts", async () => {
    const seen: string[] = [];
    const note = (where: string): void => {
      seen.push(`${where} ${getCurrentContext().clientId}`);
    };
    const later = async (): Promise<void> => {
      await Promise.resolve();
      note("deep");
    };
    const { stream } = noting({
      startUp: () => note("startUp"),
      receive: () => later(),
      emit: (handler) => {
        note("emit");
        return handler.out.next();
      },
      onMessage: () => note("onMessage"),
      shutdown: () => note("shutdown"),
    });
    const call = await FastRtcCall.start(stream);
    await call.sound(20);
    await call.say('{"type":"chat"}');
    await call.end();
    expect(new Set(seen)).toEqual(
      new Set(["startUp caller", "emit caller", "deep caller", "onMessage caller", "shutdown caller"]),
    );
    expect(() => getCurrentContext()).toThrow("No context found");
  });

  it("is each session's own, and reaches reply functions as their session", async () => {
    const seen: SessionFacts[] = [];
    const stream = new Stream(
      new StreamEvery(
        ({ session }) => {
          seen.push(session);
          return undefined;
        },
        { streamEvery: 0.02 },
      ),
      { modality: "audio", requestHeaders: ["X-User"] },
    );
    expect(stream.describe("a", 0).requestHeaders).toEqual(["x-user"]);
    const request = { headers: { "x-user": "ada" }, location: { country: "DE" } };
    const call = await FastRtcCall.start(stream, { request });
    await call.sound(20);
    expect(seen).toEqual([{ sid: "s_0", clientId: "caller", stream: "test", phoneMode: false, request }]);
    await call.end();
  });

  it.each([[["two words"]], [["é"]], [Array.from({ length: 17 }, (_, i) => `x-${i}`)]])(
    "has no headers that make no sense: %j",
    (requestHeaders) => {
      expect(() => new Stream(echo(), { modality: "audio", requestHeaders })).toThrow("requestHeaders makes no sense");
    },
  );
});

describe("declared outputs", () => {
  const told = (texts: readonly string[]) => texts.filter((text) => text.includes('"outputs"'));

  it("are told to a client of ours as they change, all of them when it comes, and to FastRTC's never", async () => {
    const script: Emission[] = [new AdditionalOutputs("first", 1), new AdditionalOutputs("second")];
    const options = { outputs: { said: output.text(), score: output.number() } };
    const { stream } = noting({ emit: () => script.shift() }, options);
    const call = await FastRtcCall.start(stream);
    await call.pass(1_000);
    expect(call.of("fetch_output")).toHaveLength(2);
    expect(told(call.texts)).toEqual([]);
    await call.say('{"type":"hello","protocol":1}');
    expect(told(call.texts)).toEqual([
      '{"type":"outputs","data":{"said":"second"}}',
      '{"type":"outputs","data":{"score":1}}',
    ]);
    script.push(new AdditionalOutputs(undefined, 2));
    await call.pass(1_000);
    expect(told(call.texts).slice(2)).toEqual(['{"type":"outputs","data":{"score":2}}']);
    await call.end();
  });

  it("that are not what was declared cost no more than themselves, and say why", async () => {
    const script: Emission[] = [new AdditionalOutputs(5), new AdditionalOutputs("good")];
    const { stream } = noting({ emit: () => script.shift() }, { outputs: { said: output.text() } });
    const call = await FastRtcCall.start(stream);
    await call.say('{"type":"hello","protocol":1}');
    await call.pass(2_000);
    expect(call.texts.join()).toContain('The output \\"said\\" should be a string.');
    expect(told(call.texts)).toEqual(['{"type":"outputs","data":{"said":"good"}}']);
    await call.end();
  });
});
