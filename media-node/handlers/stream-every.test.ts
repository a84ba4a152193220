import { describe, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { AdditionalOutputs, type Emission } from "./emission.ts";
import { type ChunkFunction, StreamEvery, type StreamEveryOptions } from "./stream-every.ts";
import { blankContext } from "./testing/blank-context.ts";

const RATE = 16_000;

function rig(fn: ChunkFunction, options: StreamEveryOptions = {}) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const state = new Map<string, unknown>();
  const handler = new StreamEvery(fn, { inputSampleRate: RATE, ...options }).copy();
  handler.attach(
    blankContext({
      clock,
      state,
      warn: (text) => told.push(text),
      send: (message) => {
        if (message.type === "error") told.push(message.message);
      },
    }),
  );
  let next = 0;
  /** Each sample has its own number. */
  const hear = (durationMs: number): void => {
    for (let ms = 0; ms < durationMs; ms += 20) {
      handler.receive({ sampleRate: RATE, samples: new Int16Array(RATE / 50).map(() => next++ % 30_000) });
    }
  };
  return { handler, hear, told, state, clock };
}

const lengthAndFirst: ChunkFunction = ({ audio }) => new AdditionalOutputs(audio.samples.length, audio.samples[0]);

function args(emission: Emission): readonly unknown[] {
  return emission instanceof AdditionalOutputs ? emission.args : [];
}

describe("streamEvery", () => {
  it("hands over chunks of the length that was chosen, without a gap", async () => {
    const { handler, hear } = rig(lengthAndFirst, { streamEvery: 0.25 });
    hear(1_000);
    const seen = [];
    for (let chunk = 0; chunk < 4; chunk++) seen.push(args(await handler.emit()));
    expect(seen).toEqual([
      [4_000, 0],
      [4_000, 4_000],
      [4_000, 8_000],
      [4_000, 12_000],
    ]);
    handler.shutdown();
  });

  it("waits until a chunk is full: half a second, unless it is told otherwise", async () => {
    const { handler, hear } = rig(lengthAndFirst);
    let settled = false;
    const emission = handler.emit().finally(() => {
      settled = true;
    });
    hear(480);
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    hear(20);
    expect(args(await emission)).toEqual([8_000, 0]);
    handler.shutdown();
  });

  it("takes stereo as it comes", async () => {
    const { handler } = rig(({ audio }) => new AdditionalOutputs(audio.channels, audio.samples.length), {
      streamEvery: 0.02,
      expectedLayout: "stereo",
    });
    handler.receive({ sampleRate: RATE, samples: new Int16Array(640), channels: 2 });
    expect(args(await handler.emit())).toEqual([2, 640]);
    handler.shutdown();
  });

  it("keeps the session's state from chunk to chunk", async () => {
    const { handler, hear, state } = rig(({ audio, state: kept }) => {
      const total = Number(kept.get("total") ?? 0) + audio.samples.length;
      kept.set("total", total);
      return new AdditionalOutputs(total);
    });
    state.set("total", 100);
    hear(1_000);
    expect(args(await handler.emit())).toEqual([8_100]);
    expect(args(await handler.emit())).toEqual([16_100]);
    handler.shutdown();
  });

  it("lets one chunk give several values", async () => {
    const { handler, hear } = rig(function* ({ audio }) {
      yield audio;
      yield new AdditionalOutputs("heard");
    });
    hear(1_000);
    expect(await handler.emit()).toMatchObject({ sampleRate: RATE });
    expect(args(await handler.emit())).toEqual(["heard"]);
    expect(await handler.emit()).toMatchObject({ sampleRate: RATE });
    handler.shutdown();
  });

  it("row 54: a failure costs its chunk, is told, and the next chunk is handed over", async () => {
    let calls = 0;
    const { handler, hear, told } = rig(({ audio }) => {
      calls += 1;
      if (calls === 1) throw new Error("cannot hear");
      if (calls === 2) return "garbage" as unknown as Emission;
      return audio;
    });
    hear(1_500);
    expect(await handler.emit()).toMatchObject({ sampleRate: RATE });
    expect(told).toEqual(["cannot hear", "A handler yielded string garbage; expected audio { sampleRate, samples }."]);
    handler.shutdown();
  });

  it("row 55: a chunk whose function hangs is given up after its limit", async () => {
    let calls = 0;
    let aborted = false;
    const { handler, hear, told, clock } = rig(
      ({ audio, signal }) => {
        calls += 1;
        if (calls > 1) return audio;
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        return new Promise<Emission>(() => undefined);
      },
      { replyTimeoutMs: 2_000 },
    );
    hear(1_000);
    const emission = handler.emit();
    await clock.advanceAsync(2_000);
    expect(await emission).toMatchObject({ sampleRate: RATE });
    expect(told[0]).toContain("The handler took too long");
    expect(aborted).toBe(true);
    handler.shutdown();
    expect(clock.pending).toBe(0);
  });

  it("drops the oldest of too many chunks, and says so once until it has caught up", async () => {
    const { handler, hear, told } = rig(lengthAndFirst);
    hear(20 * 500);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain("Audio was skipped");
    expect(args(await handler.emit())).toEqual([8_000, (12 * 8_000) % 30_000]);
    for (let chunk = 0; chunk < 7; chunk++) await handler.emit();
    const idle = handler.emit();
    await new Promise(setImmediate);
    hear(10 * 500);
    await idle;
    expect(told).toHaveLength(2);
    handler.shutdown();
  });

  it("row 53: ends with the session", async () => {
    const { handler, hear } = rig(({ signal }) => {
      const { promise, resolve } = Promise.withResolvers<Emission>();
      signal.addEventListener("abort", () => resolve(undefined));
      return promise;
    });
    hear(500);
    const emission = handler.emit();
    await new Promise(setImmediate);
    handler.shutdown();
    expect(await emission).toBeUndefined();
  });

  it("tells a subclass that its sessions would not be its own", () => {
    class Forgetful extends StreamEvery {}
    expect(() => new Forgetful(lengthAndFirst)).toThrow("Forgetful needs a copy() of its own");
  });

  it.each([0, 0.001, 61, Number.NaN])("refuses chunks of %d s", (streamEvery) => {
    expect(() => new StreamEvery(lengthAndFirst, { streamEvery })).toThrow("streamEvery must be");
  });
});
