import { describe, expect, expectTypeOf, it } from "vitest";
import { type InputsOf, slider } from "../stream/inputs.ts";
import { Stream } from "../stream/stream.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import type { InputRequest } from "./context.ts";
import { CloseStream, type Emission } from "./emission.ts";
import { GeneratedAudio, type SendFunction } from "./generated-audio.ts";
import { blankContext } from "./testing/blank-context.ts";

const frame = { sampleRate: 24_000, samples: new Int16Array(480) };

/** A session of a FastRTC client's: it says when its first inputs have come. */
function rig(fn: SendFunction, { autostart = false, replyTimeoutMs = 1_000 as number | null } = {}) {
  const clock = new VirtualClock();
  const errors: string[] = [];
  const asked: InputRequest[] = [];
  const abort = new AbortController();
  const arrival = Promise.withResolvers<void>();
  const context = blankContext({
    clock,
    signal: abort.signal,
    requestInputs: async (request = {}) => {
      asked.push(request);
      await arrival.promise;
      return {};
    },
    send: (message) => {
      if (message.type === "error") errors.push(message.message);
    },
  });
  const handler = new GeneratedAudio(fn, { autostart, replyTimeoutMs }).copy();
  handler.attach(context);
  return { handler, clock, errors, asked, abort, firstInputs: arrival.resolve, starting: handler.startUp() };
}

const once: SendFunction = function* () {
  yield frame;
};

/** What has been emitted by now; undefined where it still waits. */
async function soon(emission: Promise<Emission>): Promise<Emission | "waits"> {
  const turn = new Promise<"waits">((resolve) => setImmediate(() => resolve("waits")));
  return await Promise.race([emission, turn]);
}

describe("row 61: a generator whose audio is sent", () => {
  it("starts with the client's first inputs, for which it is not asked", async () => {
    const { handler, asked, firstInputs } = rig(once);
    const first = handler.emit();
    expect(await soon(first)).toBe("waits");
    expect(asked).toMatchObject([{ ask: false, timeoutMs: null }]);
    firstInputs();
    expect(await first).toBe(frame);
    handler.shutdown();
  });

  it("starts when triggered, and once only", async () => {
    let runs = 0;
    const { handler } = rig(function* () {
      runs += 1;
      yield frame;
      yield frame;
    });
    handler.triggerResponse();
    await handler.emit();
    handler.triggerResponse();
    handler.inputsChanged();
    await handler.emit();
    expect(runs).toBe(1);
    handler.shutdown();
  });

  it("starts by itself where the stream says autostart", async () => {
    const { handler, asked } = rig(once, { autostart: true });
    expect(await handler.emit()).toBe(frame);
    expect(asked).toEqual([]);
    handler.shutdown();
  });

  it("ends the call when it is done", async () => {
    const { handler } = rig(once, { autostart: true });
    await handler.emit();
    expect(await handler.emit()).toBeInstanceOf(CloseStream);
    handler.triggerResponse();
    handler.shutdown();
  });

  it("may be a generator of any kind, or a function of one value", async () => {
    for (const fn of [
      once,
      async function* () {
        yield frame;
      },
      () => frame,
      async () => frame,
    ]) {
      const { handler } = rig(fn, { autostart: true });
      expect(await handler.emit()).toBe(frame);
      expect(await handler.emit()).toBeInstanceOf(CloseStream);
      handler.shutdown();
    }
  });

  it("sees the latest inputs at every look", async () => {
    let volume = 1;
    const seen: unknown[] = [];
    const handler = new GeneratedAudio(
      function* (run) {
        seen.push(run.inputs["volume"]);
        yield frame;
        seen.push(run.inputs["volume"]);
        yield frame;
      },
      { autostart: true, replyTimeoutMs: null },
    );
    const context = blankContext();
    Object.defineProperty(context, "inputs", { get: () => ({ volume }) });
    handler.attach(context);
    await handler.startUp();
    await handler.emit();
    volume = 2;
    await handler.emit();
    expect(seen).toEqual([1, 2]);
    handler.shutdown();
  });

  it("row 54: a failure is told, and the next inputs start it again", async () => {
    let runs = 0;
    const { handler, errors } = rig(
      function* () {
        runs += 1;
        if (runs === 1) throw new Error("no station");
        yield frame;
      },
      { autostart: true },
    );
    expect(await handler.emit()).toBeUndefined();
    expect(errors).toEqual(["no station"]);
    const second = handler.emit();
    expect(await soon(second)).toBe("waits");
    handler.inputsChanged();
    expect(await second).toBe(frame);
    handler.shutdown();
  });

  it("row 54: garbage is told, and ends the run with its finally blocks", async () => {
    let cleaned = 0;
    const { handler, errors } = rig(
      function* () {
        try {
          yield "garbage" as unknown as Emission;
        } finally {
          cleaned += 1;
        }
      },
      { autostart: true },
    );
    expect(await handler.emit()).toBeUndefined();
    expect(errors[0]).toContain("A handler yielded string garbage");
    expect(cleaned).toBe(1);
    handler.shutdown();
  });

  it("row 55: one that hangs is told after its limit, and hears it", async () => {
    let signal: AbortSignal | undefined;
    const { handler, clock, errors } = rig(
      async (run) => {
        signal = run.signal;
        await new Promise(() => undefined);
        return frame;
      },
      { autostart: true },
    );
    const hung = handler.emit();
    await clock.advanceAsync(1_000);
    expect(await hung).toBeUndefined();
    expect(errors[0]).toContain("The handler took too long");
    expect(signal?.aborted).toBe(true);
    handler.shutdown();
  });

  it("may take as long as it likes where there is no limit", async () => {
    const { handler, clock } = rig(() => new Promise(() => undefined), { autostart: true, replyTimeoutMs: null });
    const waits = handler.emit();
    await clock.advanceAsync(24 * 3_600_000);
    expect(await soon(waits)).toBe("waits");
    handler.shutdown();
    expect(await waits).toBeUndefined();
  });

  it("row 53: is stopped by the end of the session, whatever it waits for", async () => {
    const seen: string[] = [];
    const { handler, starting, abort, firstInputs } = rig(
      async function* ({ signal }) {
        signal.addEventListener("abort", () => seen.push("signal"));
        try {
          yield frame;
          yield frame;
        } finally {
          seen.push("finally");
        }
      },
      { autostart: true },
    );
    await handler.emit();
    abort.abort();
    handler.shutdown();
    expect(await handler.emit()).toBeUndefined();
    expect(seen).toEqual(["signal", "finally"]);
    firstInputs();
    await starting;

    const unstarted = rig(once);
    const waits = unstarted.handler.emit();
    unstarted.abort.abort();
    unstarted.handler.shutdown();
    expect(await waits).toBeUndefined();
    unstarted.firstInputs();
    await unstarted.starting;
  });
});

describe("a stream of mode receive", () => {
  it("takes the function alone, and gives it the types of its inputs", () => {
    const inputs = { volume: slider({ value: 0.5 }) };
    const stream = new Stream(
      async function* (run) {
        expectTypeOf(run.inputs).toEqualTypeOf<InputsOf<typeof inputs>>();
        yield frame;
      },
      { modality: "audio", mode: "receive", inputs, autostart: true },
    );
    expect(stream.handler).toBeInstanceOf(GeneratedAudio);
    expect(stream.describe("a", 1)).toMatchObject({ mode: "receive" });
  });

  it("refuses a function in another mode, and options that a handler has itself", () => {
    const wrong = { modality: "audio" } as unknown as { modality: "audio"; mode: "receive" };
    expect(() => new Stream(once, wrong)).toThrow("new ReplyOnPause(fn)");
    const handler = new GeneratedAudio(once, { autostart: true, replyTimeoutMs: null });
    expect(() => new Stream(handler, { modality: "audio", mode: "receive", autostart: true })).toThrow("autostart");
    expect(() => new Stream(7 as unknown as GeneratedAudio, { modality: "audio" })).toThrow("must be a StreamHandler");
  });
});
