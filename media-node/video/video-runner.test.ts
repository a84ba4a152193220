import { describe, expect, it } from "vitest";
import type { FastRtcMessage } from "../../shared/channel.ts";
import type { Mode } from "../../shared/descriptor.ts";
import type { InputValues } from "../../shared/inputs.ts";
import type { AudioFrame } from "../audio/frame.ts";
import { AsyncQueue } from "../handlers/async-queue.ts";
import type { HandlerContext } from "../handlers/context.ts";
import { AdditionalOutputs, CloseStream, type Emission, Warning } from "../handlers/emission.ts";
import { blankContext } from "../handlers/testing/blank-context.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { AudioVideoStreamHandler } from "./audio-video-stream-handler.ts";
import type { VideoEmission } from "./emission.ts";
import { VideoFrame } from "./frame.ts";
import { VideoRunner } from "./video-runner.ts";
import { type VideoFunction, type VideoGenerator, VideoStreamHandler } from "./video-stream-handler.ts";

const grey = (shade: number): VideoFrame =>
  new VideoFrame({ data: new Uint8Array(12).fill(shade), width: 2, height: 2, timestampUs: shade });

interface World {
  readonly runner: VideoRunner;
  readonly clock: VirtualClock;
  readonly shown: { readonly shade: number | undefined; readonly atMs: number }[];
  readonly outputs: (readonly unknown[])[];
  readonly closes: string[];
  readonly warnings: string[];
  readonly messages: FastRtcMessage[];
  /** As if the client had sent inputs. */
  sendInputs(values: InputValues): void;
}

function world(
  handler: VideoStreamHandler | AudioVideoStreamHandler,
  mode: Mode = "send-receive",
  changes: Partial<HandlerContext> = {},
): World {
  const clock = new VirtualClock();
  const arrived = Promise.withResolvers<InputValues>();
  const inputs: Record<string, unknown> = {};
  const [shown, outputs, closes, warnings, messages]: [
    World["shown"],
    unknown[][],
    string[],
    string[],
    FastRtcMessage[],
  ] = [[], [], [], [], []];
  const context = blankContext({
    clock,
    inputs,
    requestInputs: () => arrived.promise,
    send: (message) => messages.push(message),
    warn: (text) => warnings.push(text),
    ...changes,
  });
  const runner = new VideoRunner({
    handler,
    mode,
    context,
    onPicture: (picture) => shown.push({ shade: picture.data[0], atMs: clock.nowMs() }),
    onOutputs: ({ args }) => outputs.push([...args]),
    onClose: ({ message }) => closes.push(message),
  });
  runner.start();
  const sendInputs = (values: InputValues): void => {
    Object.assign(inputs, values);
    arrived.resolve(values);
  };
  return { runner, clock, shown, outputs, closes, warnings, messages, sendInputs };
}

const invert: VideoFunction = ({ data, size }) => new VideoFrame({ ...size, data: data.map((value) => 255 - value) });

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("row 58: a video function", () => {
  it("in send-receive gives back what it makes of each frame", async () => {
    const { runner } = world(new VideoStreamHandler(invert));
    await settled();
    expect((await runner.take(grey(55)))?.data[0]).toBe(200);
  });

  it("is not called before the client's first inputs, and frames pass through as they came, as in FastRTC", async () => {
    const { runner, sendInputs } = world(new VideoStreamHandler(invert), "send-receive", { declaresInputs: true });
    const frame = grey(55);
    expect(await runner.take(frame)).toBe(frame);
    sendInputs({});
    await settled();
    expect((await runner.take(frame))?.data[0]).toBe(200);
  });

  it("is called at once where it says so, and where the stream declares no inputs", async () => {
    const eager = new VideoStreamHandler(invert, { passThroughUntilInput: false });
    for (const { runner } of [
      world(eager, "send-receive", { declaresInputs: true }),
      world(new VideoStreamHandler(invert)),
    ]) {
      await settled();
      expect((await runner.take(grey(55)))?.data[0]).toBe(200);
    }
  });

  it("in mode send sees frames and sends none", async () => {
    const { runner, outputs } = world(
      new VideoStreamHandler((frame: VideoFrame) => new AdditionalOutputs(frame.data[0])),
      "send",
    );
    await settled();
    expect(await runner.take(grey(7))).toBeUndefined();
    const careless = world(new VideoStreamHandler(invert), "send");
    await settled();
    expect(await careless.runner.take(grey(7))).toBeUndefined();
    expect(outputs).toEqual([[7]]);
  });

  it("gives outputs, a warning or the end of the call beside a frame, or in its place", async () => {
    const answers: VideoEmission[] = [
      [grey(1), new AdditionalOutputs("one", 1)],
      new AdditionalOutputs("alone"),
      new Warning("dim"),
      { data: new Uint8Array(3).fill(9), width: 1, height: 1 },
      null,
      [grey(2), new CloseStream("done")],
    ];
    const { runner, outputs, closes, warnings } = world(new VideoStreamHandler(() => answers.shift()));
    await settled();
    const shades: (number | undefined)[] = [];
    while (answers.length > 0) shades.push((await runner.take(grey(0)))?.data[0]);
    expect(shades).toEqual([1, undefined, undefined, 9, undefined, 2]);
    expect({ outputs, closes, warnings }).toEqual({
      outputs: [["one", 1], ["alone"]],
      closes: ["done"],
      warnings: ["dim"],
    });
  });

  it.each([
    ["throws", () => Promise.reject(new Error("no light")), "no light"],
    [
      "throws at once",
      () => {
        throw new Error("broken lens");
      },
      "broken lens",
    ],
    [
      "returns a wrong size",
      () => ({ data: new Uint8Array(5), width: 2, height: 2 }),
      "2×2 in rgb has 12 bytes, not 5",
    ],
    ["returns bare bytes", () => new Uint8Array(12) as unknown as VideoEmission, "expected a frame"],
    ["returns a number", () => 5 as unknown as VideoEmission, "Video code returned number 5"],
    [
      "returns audio",
      () => ({ sampleRate: 48_000, samples: new Int16Array(9) }) as unknown as VideoEmission,
      "expected a frame",
    ],
  ] as const)("that %s costs its frame, says so, and gets the next one", async (_what, fault, message) => {
    let calls = 0;
    const { runner, messages } = world(
      new VideoStreamHandler((frame: VideoFrame) => (calls++ === 0 ? fault() : frame)),
    );
    await settled();
    expect(await runner.take(grey(1))).toBeUndefined();
    expect(messages).toEqual([expect.objectContaining({ type: "error", message: expect.stringContaining(message) })]);
    expect((await runner.take(grey(2)))?.data[0]).toBe(2);
  });

  it("that hangs is given up after its time, its signal aborted, and the call goes on", async () => {
    let signal: AbortSignal | undefined;
    const fn: VideoFunction = (frame, context) => {
      if (frame.data[0] !== 1) return frame;
      signal = context.signal;
      return new Promise(() => undefined);
    };
    const { runner, clock, messages } = world(new VideoStreamHandler(fn, { frameTimeoutMs: 500 }));
    await settled();
    const taken = runner.take(grey(1));
    await clock.advanceAsync(499);
    expect(signal?.aborted).toBe(false);
    await clock.advanceAsync(1);
    expect(await taken).toBeUndefined();
    expect(signal?.aborted).toBe(true);
    expect(messages).toHaveLength(1);
    expect((await runner.take(grey(2)))?.data[0]).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it("that fails on every frame tells the client a few times, not thirty times a second", async () => {
    const { runner, clock, messages } = world(new VideoStreamHandler(() => Promise.reject(new Error("always"))));
    await settled();
    for (let frame = 0; frame < 300; frame++) {
      await runner.take(grey(frame));
      clock.advance(33);
    }
    expect(messages.length).toBeLessThanOrEqual(5);
  });

  it("keeps what it likes from frame to frame", async () => {
    const { runner } = world(
      new VideoStreamHandler((frame, { state }) => {
        const before = state.get("before");
        state.set("before", frame);
        return before instanceof VideoFrame ? before : null;
      }),
    );
    await settled();
    expect(await runner.take(grey(1))).toBeUndefined();
    expect((await runner.take(grey(2)))?.data[0]).toBe(1);
  });
});

describe("row 59: inputs of a video function", () => {
  it("reach it from the first one on, each by its name", async () => {
    const seen: unknown[] = [];
    const fn: VideoFunction = (frame, { inputs }) => {
      seen.push({ ...inputs });
      return frame;
    };
    const { runner, sendInputs } = world(new VideoStreamHandler(fn), "send-receive", { declaresInputs: true });
    sendInputs({ threshold: 0.7, label: "first" });
    await settled();
    await runner.take(grey(1));
    sendInputs({ threshold: 0.2, label: "second" });
    await runner.take(grey(1));
    expect(seen).toEqual([
      { threshold: 0.7, label: "first" },
      { threshold: 0.2, label: "second" },
    ]);
  });
});

describe("row 60: VideoStreamHandler's fps", () => {
  const numbers: VideoGenerator = function* () {
    for (let shade = 1; shade <= 10; shade++) yield grey(shade);
  };

  it("paces what a generator yields", async () => {
    const { clock, shown, sendInputs } = world(new VideoStreamHandler(numbers, { fps: 10 }), "receive");
    sendInputs({});
    await clock.advanceAsync(450);
    expect(shown).toEqual([1, 2, 3, 4, 5].map((shade, i) => ({ shade, atMs: i * 100 })));
  });

  it("begins a new beat after a frame that came late, without a burst", async () => {
    const late: VideoGenerator = async function* ({ session }) {
      expect(session.stream).toBe("test");
      yield grey(1);
      await new Promise<void>((resolve) => clock.after(1_000, resolve));
      for (const shade of [2, 3, 4]) yield grey(shade);
    };
    const { clock, shown } = world(new VideoStreamHandler(late, { fps: 10 }), "receive", {
      requestInputs: async () => ({}),
    });
    await clock.advanceAsync(1_500);
    expect(shown.map(({ atMs }) => atMs)).toEqual([0, 1_000, 1_100, 1_200]);
  });

  it("must make sense, as must the other options", () => {
    expect(() => new VideoStreamHandler(numbers, { fps: 0 })).toThrow("fps must be above 0");
    expect(() => new VideoStreamHandler(numbers, { streamEvery: -1 })).toThrow("streamEvery must be 0 to 3600");
    expect(() => new VideoStreamHandler(numbers, { frameTimeoutMs: 1 })).toThrow("frameTimeoutMs must be 100");
  });

  it("skipFrames decides how many may wait; streamEvery is told in seconds", () => {
    expect(new VideoStreamHandler(numbers).videoSettings).toMatchObject({ room: 1, everyMs: 0, fps: 30 });
    const patient = new VideoStreamHandler(numbers, { skipFrames: false, streamEvery: 0.5 });
    expect(patient.videoSettings).toMatchObject({ room: 15, everyMs: 500 });
  });
});

describe("row 61: a generator of mode receive", () => {
  it("waits for the client's first inputs, and the call ends with it", async () => {
    const one: VideoGenerator = function* ({ inputs }) {
      yield [grey(Number(inputs["shade"])), new AdditionalOutputs("shown")];
    };
    const { clock, shown, outputs, closes, sendInputs } = world(new VideoStreamHandler(one), "receive");
    await clock.advanceAsync(5_000);
    expect(shown).toEqual([]);
    sendInputs({ shade: 77 });
    await clock.advanceAsync(100);
    expect(shown.map(({ shade }) => shade)).toEqual([77]);
    expect({ outputs, closes }).toEqual({ outputs: [["shown"]], closes: ["Stream closed"] });
  });

  it("starts by itself where it says so", async () => {
    const endless: VideoGenerator = function* () {
      for (;;) yield grey(5);
    };
    const { clock, shown, runner } = world(new VideoStreamHandler(endless, { autostart: true, fps: 20 }), "receive");
    await clock.advanceAsync(1_010);
    expect(shown).toHaveLength(21);
    runner.stop();
    await settled();
    expect(clock.pending).toBe(0);
  });

  it("that is none says what is expected", async () => {
    const { messages } = world(new VideoStreamHandler(() => grey(1), { autostart: true }), "receive");
    await settled();
    expect(messages).toEqual([
      expect.objectContaining({ type: "error", message: expect.stringContaining("takes a generator") }),
    ]);
  });

  it("that failed starts again with the next inputs, and only then", async () => {
    let runs = 0;
    const weak: VideoGenerator = function* () {
      runs++;
      yield grey(runs);
      throw new Error("no signal");
    };
    const { runner, clock, shown, messages } = world(new VideoStreamHandler(weak, { autostart: true }), "receive");
    await clock.advanceAsync(1_000);
    expect([runs, shown.length, messages.length]).toEqual([1, 1, 1]);
    runner.inputsChanged();
    await clock.advanceAsync(1_000);
    expect(runs).toBe(2);
    runner.stop();
  });
});

describe("row 62: an audio-video handler", () => {
  class Mirror extends AudioVideoStreamHandler {
    readonly #frames = new AsyncQueue<VideoFrame>(1);
    readonly #audio = new AsyncQueue<AudioFrame>();

    override videoReceive(frame: VideoFrame): void {
      if (frame.data[0] === 13) throw new Error("unlucky");
      this.#frames.push(frame);
    }

    override videoEmit(): VideoFrame | Promise<VideoFrame | undefined> | undefined {
      return this.#frames.next();
    }

    override receive(frame: AudioFrame): void {
      this.#audio.push(frame);
    }

    override emit(): Emission | Promise<Emission> {
      return this.#audio.next();
    }

    override copy(): Mirror {
      return new Mirror({ fps: 10 });
    }
  }

  it("is one object for both tracks: it sees frames, and shows others at its own pace", async () => {
    const handler = new Mirror({ fps: 10 }).copy();
    const { runner, clock, shown } = world(handler);
    await settled();
    expect(await runner.take(grey(3))).toBeUndefined();
    await clock.advanceAsync(1);
    handler.receive({ sampleRate: 48_000, samples: new Int16Array(960), channels: 1 });
    expect(await handler.emit()).toMatchObject({ sampleRate: 48_000 });
    await runner.take(grey(4));
    await clock.advanceAsync(200);
    expect(shown).toEqual([
      { shade: 3, atMs: 0 },
      { shade: 4, atMs: 100 },
    ]);
    runner.stop();
  });

  it("that fails with one frame goes on with the next", async () => {
    const { runner, clock, shown, messages } = world(new Mirror());
    await settled();
    await runner.take(grey(13));
    await runner.take(grey(14));
    await clock.advanceAsync(50);
    expect(messages).toEqual([expect.objectContaining({ type: "error", message: "unlucky" })]);
    expect(shown.map(({ shade }) => shade)).toEqual([14]);
    runner.stop();
  });
});
