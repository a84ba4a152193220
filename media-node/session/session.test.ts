import { describe, expect, it } from "vitest";
import { EndReason } from "../../shared/session.ts";
import { AsyncQueue } from "../handlers/async-queue.ts";
import { getCurrentContext } from "../handlers/current-context.ts";
import { AdditionalOutputs, CloseStream, type Emission, Warning } from "../handlers/emission.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import type { SessionFacts } from "../handlers/run.ts";
import { StreamEvery } from "../handlers/stream-every.ts";
import { StreamHandler, type StreamHandlerOptions } from "../handlers/stream-handler.ts";
import { checkbox, slider } from "../stream/inputs.ts";
import { Stream } from "../stream/stream.ts";
import { tone } from "../testing/scripted-models.ts";
import { FastRtcCall } from "./testing/fastrtc-call.ts";

/** Notes what it is called for, and does what the test says. */
class Noting extends StreamHandler {
  readonly calls: string[];
  readonly script: Partial<Noted>;
  readonly out = new AsyncQueue<Emission>();

  constructor(calls: string[], script: Partial<Noted> = {}, options?: StreamHandlerOptions) {
    super(options);
    this.calls = calls;
    this.script = script;
  }

  copy(): Noting {
    this.calls.push("copy");
    return new Noting(this.calls, this.script);
  }

  override startUp(): void | Promise<void> {
    this.calls.push("startUp");
    return this.script.startUp?.(this);
  }

  receive(): void | Promise<void> {
    if (this.calls.at(-1) !== "receive") this.calls.push("receive");
    return this.script.receive?.(this);
  }

  emit(): Emission | Promise<Emission> {
    if (this.calls.at(-1) !== "emit") this.calls.push("emit");
    return this.script.emit === undefined ? this.out.next(this.signal) : this.script.emit(this);
  }

  override onMessage(message: { readonly type: string }): void | Promise<void> {
    this.calls.push(`message ${JSON.stringify(message)}`);
    return this.script.onMessage?.(this);
  }

  override inputsChanged(): void {
    this.calls.push("inputs");
  }

  override shutdown(): void | Promise<void> {
    this.calls.push(`shutdown${this.signal.aborted ? "" : " before the signal"}`);
    return this.script.shutdown?.(this);
  }
}

type Act<T> = (handler: Noting) => T | Promise<T>;
interface Noted {
  startUp: Act<void>;
  receive: Act<void>;
  emit: Act<Emission>;
  onMessage: Act<void>;
  shutdown: Act<void>;
}

function noting(script: Partial<Noted> = {}, options: Partial<Stream["options"]> = {}) {
  const calls: string[] = [];
  return { calls, stream: new Stream(new Noting(calls, script), { modality: "audio", ...options }) };
}

const echo = () =>
  new ReplyOnPause(async function* ({ audio }) {
    yield audio;
  });

describe("row 41: a handler's life", () => {
  it("is a copy's, from start-up over frames to shutdown; the prototype is never run", async () => {
    const { calls, stream } = noting();
    const call = await FastRtcCall.start(stream);
    await call.sound(60);
    await call.end();
    expect(calls).toEqual(["copy", "startUp", "emit", "receive", "shutdown"]);
    expect(() => stream.handler.context).toThrow("only while it serves a session");
    await (await FastRtcCall.start(stream)).end();
    expect(calls.filter((name) => name === "copy")).toHaveLength(2);
  });

  it.each(EndReason.options)(
    "is shut down once where the session ends as %s, and nothing of it is left",
    async (reason) => {
      const { calls, stream } = noting();
      const call = await FastRtcCall.start(stream);
      await call.sound(40);
      await call.end(reason);
      await call.end("failed");
      expect(call.ended).toBe(reason);
      expect(calls.filter((name) => name.startsWith("shutdown"))).toEqual(["shutdown"]);
      expect(call.clock.pending).toBe(0);
    },
  );

  it("is shut down at the time limit, when the client goes, and when it hangs up itself", async () => {
    const limited = noting({}, { timeLimit: 5 });
    const timed = await FastRtcCall.start(limited.stream);
    await timed.pass(5_000);
    expect([timed.ended, limited.calls.at(-1)]).toEqual(["time_limit", "shutdown"]);

    const left = noting();
    const lost = await FastRtcCall.start(left.stream);
    lost.session.transport.events.ended("peer_lost");
    await lost.pass(0);
    expect([lost.ended, left.calls.at(-1)]).toEqual(["peer_lost", "shutdown"]);

    const closing = noting({ emit: () => new CloseStream("bye") });
    const closed = await FastRtcCall.start(closing.stream);
    await closed.pass(10_000);
    expect([closed.ended, closing.calls.at(-1)]).toEqual(["handler_closed", "shutdown"]);
  });

  it("does not begin where the client never connects", async () => {
    const { calls, stream } = noting();
    const call = new FastRtcCall(stream);
    await call.session.begin(() => Promise.resolve());
    await call.pass(30_000);
    expect([call.ended, calls]).toEqual(["never_connected", ["copy"]]);
  });

  it("takes a start-up that lasts as long as the session: audio goes both ways meanwhile", async () => {
    const { calls, stream } = noting({
      startUp: (handler) => new Promise((resolve) => handler.signal.addEventListener("abort", () => resolve())),
      emit: (handler) => handler.out.next(),
      receive: (handler) => handler.out.push(tone(20)),
    });
    const call = await FastRtcCall.start(stream);
    await call.sound(200);
    await call.pass(500);
    expect(calls).toContain("receive");
    expect(call.packetsMs.length).toBeGreaterThanOrEqual(10);
    await call.end();
  });

  it("is over though its shutdown hangs or fails, and the log has it", async () => {
    const { stream } = noting({ shutdown: () => new Promise(() => undefined) });
    const call = await FastRtcCall.start(stream);
    await call.end();
    expect(call.ended).toBe("client_closed");
    await call.pass(10_000);
    expect(String(call.logged)).toContain("shutdown took longer");
    const failing = await FastRtcCall.start(
      noting({
        shutdown: () => {
          throw new Error("will not go");
        },
      }).stream,
    );
    await failing.end();
    expect(String(failing.logged)).toContain("will not go");
  });

  it("is refused where copy() gives no handler of its own", () => {
    class Same extends Noting {
      override copy(): Noting {
        return this;
      }
    }
    const stream = new Stream(new Same([]), { modality: "audio" });
    expect(() => new FastRtcCall(stream)).toThrow("Same.copy() must return a new handler.");
  });
});

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

describe("row 66: a handler that hangs up", () => {
  it("is heard to its end, whoever speaks, and gives nothing after it", async () => {
    const stream = new Stream(
      new ReplyOnPause(async function* () {
        yield tone(1_000);
        yield [tone(200), new CloseStream("Goodbye")];
        yield tone(5_000);
      }),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    call.session.triggerResponse();
    await call.pass(400);
    await call.sound(2_000);
    expect(call.packetsMs).toHaveLength(60);
    expect(call.of("end_stream")).toEqual(['{"type": "end_stream", "data": "Goodbye"}']);
    await call.pass(2_000);
    expect(call.ended).toBe("handler_closed");
  });
});

describe("messages", () => {
  it("of the client's own reach the handler in order, once it runs, and are echoed", async () => {
    const { calls, stream } = noting();
    const call = new FastRtcCall(stream);
    await call.connect();
    await call.say('{"type":"chat","data":"early"}');
    call.session.transport.events.channelOpen();
    await call.pass(0);
    await call.say('{"type":"stop_chat"}');
    expect(calls.filter((name) => name.startsWith("message"))).toEqual([
      'message {"type":"chat","data":"early"}',
      'message {"type":"stop_chat"}',
    ]);
    expect(call.of("log")[0]).toBe(
      String.raw`{"type": "log", "data": "Server received: {\"type\":\"chat\",\"data\":\"early\"}"}`,
    );
    await call.end();
  });

  it("of a chat are answered as what is said is: FastRTC's forks send them so", async () => {
    const answered: unknown[] = [];
    const stream = new Stream(
      new ReplyOnPause(
        ({ audio, state }) => {
          answered.push(state.get("typed"), audio.samples.length);
          return undefined;
        },
        {
          onMessage: ({ type, ...rest }, handler) => {
            if (type !== "chat") return;
            handler.context.state.set("typed", rest["data"]);
            handler.triggerResponse();
          },
        },
      ),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    await call.say('{"type":"chat","data":"hello"}');
    await call.say('{"type":"stop_chat"}');
    await call.pass(100);
    expect(answered).toEqual(["hello", 0]);
    await call.end();
  });

  it("that are none are echoed only", async () => {
    const { calls, stream } = noting();
    const call = await FastRtcCall.start(stream);
    const texts = ["handshake", "{", "[1]", "{}", '{"type":7}', '{"type":""}', `{"type":"${"x".repeat(65)}"}`, "null"];
    for (const text of texts) await call.say(text);
    expect(calls.filter((name) => name.startsWith("message"))).toEqual([]);
    expect(call.of("log")).toHaveLength(texts.length);
    await call.end();
  });

  it("of the handler's go out as they are, warnings in FastRTC's shape", async () => {
    const script: Emission[] = [new Warning("slow today")];
    const { stream } = noting({
      startUp: (handler) => {
        handler.sendMessage("plain");
        handler.warn("careful");
      },
      emit: () => script.shift(),
    });
    const call = await FastRtcCall.start(stream);
    expect(call.texts).toEqual([
      "plain",
      '{"type": "warning", "message": "careful", "data": "careful"}',
      '{"type": "warning", "message": "slow today", "data": "slow today"}',
    ]);
    await call.end();
  });
});
