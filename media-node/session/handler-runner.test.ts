import { loadLibopus } from "libopus-wasm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { AudioFrame } from "../audio/frame.ts";
import { createSpeechEncoder } from "../audio/opus.ts";
import { Player } from "../audio/player.ts";
import { AdditionalOutputs, CloseStream, type Emission } from "../handlers/emission.ts";
import { StreamHandler } from "../handlers/stream-handler.ts";
import { blankContext } from "../handlers/testing/blank-context.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { HandlerRunner } from "./handler-runner.ts";

const frame: AudioFrame = { sampleRate: 48_000, samples: new Int16Array(960) };

class Scripted extends StreamHandler {
  readonly calls: string[] = [];
  onReceive: (frame: AudioFrame) => void | Promise<void> = () => undefined;
  onEmit: () => Emission | Promise<Emission> = () => undefined;

  override startUp(): void {
    this.calls.push("startUp");
  }

  receive(audio: AudioFrame): void | Promise<void> {
    return this.onReceive(audio);
  }

  emit(): Emission | Promise<Emission> {
    return this.onEmit();
  }

  override shutdown(): void {
    this.calls.push("shutdown");
  }

  copy(): Scripted {
    return new Scripted();
  }
}

beforeAll(() => loadLibopus());

const runners: HandlerRunner[] = [];
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.stop();
});

function rig(playsAudio = true) {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const seen = {
    sent: 0,
    errors: [] as string[],
    warnings: [] as string[],
    outputs: [] as unknown[],
    closes: [] as string[],
  };
  const player = new Player({
    clock,
    createEncoder: createSpeechEncoder,
    send: () => {
      seen.sent += 1;
    },
    onDrained: () => undefined,
  });
  const context = blankContext({
    signal: abort.signal,
    clock,
    send: (message) => {
      if (message.type === "error") seen.errors.push(message.message);
    },
    warn: (text) => seen.warnings.push(text),
    clearQueue: () => player.clear(),
    holdOutput: () => player.hold(),
    resumeOutput: () => player.resume(),
    playing: () => player.playing,
  });
  const handler = new Scripted();
  const runner = new HandlerRunner({
    handler,
    context,
    player,
    playsAudio,
    onOutputs: ({ args }) => seen.outputs.push(...args),
    onClose: ({ message }) => seen.closes.push(message),
  });
  runners.push(runner);
  return { clock, handler, runner, seen, player, abort };
}

describe("HandlerRunner", () => {
  it("starts the handler, plays what it emits, hands over outputs and closing", async () => {
    const { clock, handler, runner, seen } = rig();
    const script: Emission[] = [
      frame,
      [frame, new AdditionalOutputs("x")],
      new AdditionalOutputs(1),
      new CloseStream("bye"),
    ];
    handler.onEmit = () => script.shift();
    runner.start();
    await clock.advanceAsync(1_000);
    expect(handler.calls).toEqual(["startUp"]);
    expect(seen).toEqual({ sent: 2, errors: [], warnings: [], outputs: ["x", 1], closes: ["bye"] });
  });

  it("asks a handler with nothing to say ten times a second, not in a hot loop, and at once after an input", async () => {
    const { clock, handler, runner } = rig();
    let asked = 0;
    handler.onEmit = () => {
      asked += 1;
      return undefined;
    };
    runner.start();
    await clock.advanceAsync(1_000);
    expect(asked).toBeLessThanOrEqual(12);
    const before = asked;
    runner.receive(frame);
    await clock.advanceAsync(1);
    expect(asked).toBe(before + 1);
  });

  it("tells the client of a failure in receive or emit, and goes on", async () => {
    const { clock, handler, runner, seen } = rig();
    let received = 0;
    handler.onReceive = () => {
      received += 1;
      if (received === 1) throw new Error("cannot hear");
    };
    let asked = 0;
    handler.onEmit = () => {
      asked += 1;
      if (asked <= 3) throw new Error("cannot speak");
      return asked === 4 ? frame : undefined;
    };
    runner.start();
    runner.receive(frame);
    runner.receive(frame);
    await clock.advanceAsync(3_000);
    expect(received).toBe(2);
    expect(seen.errors.sort()).toEqual(["cannot hear", "cannot speak", "cannot speak", "cannot speak"]);
    expect(seen.sent).toBe(1);
  });

  it("asks a handler that always fails less and less", async () => {
    const { clock, handler, runner, seen } = rig();
    handler.onEmit = () => {
      throw new Error("never");
    };
    runner.start();
    await clock.advanceAsync(60_000);
    expect(seen.errors.length).toBeLessThan(20);
  });

  it("refuses garbage with a clear error", async () => {
    const { clock, handler, runner, seen } = rig();
    const script = ["garbage" as unknown as Emission, frame];
    handler.onEmit = () => script.shift();
    runner.start();
    await clock.advanceAsync(1_000);
    expect(seen.errors).toEqual(["A handler yielded string garbage; expected audio { sampleRate, samples }."]);
    expect(seen.sent).toBe(1);
  });

  it("keeps a bounded number of frames for a handler that is busy, the newest", async () => {
    const { clock, handler, runner } = rig();
    const heard: number[] = [];
    let release: () => void = () => undefined;
    handler.onReceive = ({ samples }) => {
      heard.push(samples[0] ?? -1);
      return heard.length === 1 ? new Promise((resolve) => (release = resolve)) : undefined;
    };
    runner.start();
    await clock.advanceAsync(1);
    for (let n = 0; n < 500; n++) runner.receive({ sampleRate: 48_000, samples: new Int16Array([n]) });
    await clock.advanceAsync(1);
    release();
    await clock.advanceAsync(1);
    expect(heard).toHaveLength(101);
    expect(heard.at(-1)).toBe(499);
  });

  it("produces only a little ahead of what is heard", async () => {
    const { clock, handler, runner, player } = rig();
    let emitted = 0;
    handler.onEmit = () => {
      emitted += 1;
      return frame;
    };
    runner.start();
    await clock.advanceAsync(1);
    await clock.advanceAsync(2_000);
    expect(player.bufferedMs).toBeLessThanOrEqual(1_000);
    expect(emitted).toBeLessThan(160);
  });

  it("holds back a handler that gives values without end, or audio without a sample, and starves nobody", async () => {
    const { clock, handler, runner, seen } = rig();
    let given = 0;
    handler.onEmit = () => new AdditionalOutputs(++given);
    runner.start();
    await clock.advanceAsync(10_000);
    expect(seen.outputs.length).toBeGreaterThan(2_000);
    expect(seen.outputs.length).toBeLessThanOrEqual(500 + 2_000 + 1);
    expect(seen.outputs).toEqual(seen.outputs.map((_, i) => i + 1));
    const empty = { sampleRate: 48_000, samples: new Int16Array(0) };
    const rest: Emission[] = [new CloseStream("reached")];
    let pieces = 0;
    handler.onEmit = () => (++pieces < 50 ? empty : rest.shift());
    await clock.advanceAsync(100);
    expect(seen.closes).toEqual(["reached"]);
  });

  it("plays nothing where the client only sends", async () => {
    const { clock, handler, runner, seen } = rig(false);
    handler.onEmit = () => frame;
    runner.start();
    await clock.advanceAsync(500);
    await runner.stop();
    expect(seen.sent).toBe(0);
  });

  it("shuts the handler down once, and leaves no timer", async () => {
    const { clock, handler, runner, player, abort } = rig();
    runner.start();
    await clock.advanceAsync(50);
    await runner.stop();
    await runner.stop();
    abort.abort();
    player.close();
    await clock.advanceAsync(1);
    expect(handler.calls).toEqual(["startUp", "shutdown"]);
    expect(clock.pending).toBe(0);
  });

  it("hands nothing on once it is stopped, not even what was on its way, and shuts down once all the same", async () => {
    for (const late of [new AdditionalOutputs("late"), new CloseStream("late")]) {
      const writing = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const seen: unknown[] = [];
      const handler = new Scripted();
      handler.onEmit = () => [frame, late];
      const runner = new HandlerRunner({
        handler,
        context: blankContext(),
        player: {
          ready: () => Promise.resolve(),
          write: () => {
            begun.resolve();
            return writing.promise;
          },
        },
        playsAudio: true,
        onOutputs: (outputs) => seen.push(outputs),
        onClose: (close) => seen.push(close),
      });
      runner.start();
      await begun.promise;
      await runner.stop();
      writing.resolve();
      await new Promise(setImmediate);
      await runner.stop();
      expect(seen).toEqual([]);
      expect(handler.calls).toEqual(["startUp", "shutdown"]);
    }
  });

  it("does not shut down a handler that never started", async () => {
    const { handler, runner } = rig();
    await runner.stop();
    expect(handler.calls).toEqual([]);
  });
});
