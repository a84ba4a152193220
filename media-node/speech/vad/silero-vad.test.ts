import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readWav } from "../../audio/wav.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { loadModel } from "../load-model.ts";
import { MAX_WINDOWS } from "./run-plan.ts";
import { MAX_QUEUED_WINDOWS, SileroVad, type SileroVadOptions } from "./silero-vad.ts";
import { BATCH_DELAY_MS, CALM_DELAY_MS, PATIENT_DELAY_MS, QUIET_DELAY_MS } from "./urgency.ts";

const clip = (name: string) =>
  readWav(readFileSync(new URL(`../../../test/fixtures/speech/${name}`, import.meta.url))).samples;

/** Gives each window's first sample back as its probability, with 1000 added where the session begins. Dies of −1. */
const FAKE = `
import { parentPort as port } from "node:worker_threads";
port.on("message", (message) => {
  if (message === "close") return port.close();
  const { buffer, capacity, count } = message;
  const words = new Int32Array(buffer, 0, capacity), out = new Float32Array(buffer, 0, capacity);
  const samples = new Int16Array(buffer, capacity * 4);
  for (let i = 0; i < count; i++) {
    if (samples[i * 576 + 64] === -1) process.exit(1);
    out[i] = samples[i * 576 + 64] + (words[i] & 0x40000000 ? 1000 : 0);
  }
  port.postMessage({ buffer, capacity, count }, [buffer]);
});
port.postMessage("ready");`;
const programOf = (code: string) => async () => ({
  url: new URL(`data:text/javascript,${encodeURIComponent(code)}`),
  data: undefined,
});
const fake = programOf(FAKE);
/** The same, but gives the first sample of a window's context back. */
const contextFake = programOf(FAKE.replaceAll("i * 576 + 64", "i * 576"));

const engines: SileroVad[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

function open(options: Partial<SileroVadOptions> = {}) {
  const errors: Error[] = [];
  const engine = new SileroVad({ onError: (error) => errors.push(error), ...options });
  engines.push(engine);
  return { engine, errors };
}

/** A window of which the fake gives `value` back; loud, so that it is not kept waiting. */
const windowOf = (value: number) => new Int16Array(512).fill(9_000).fill(value, 0, 1);
/** A quiet room: one of which it gives nothing back, and which can wait. */
const SILENCE = new Int16Array(512).fill(30).fill(0, 0, 1);
/** A muted microphone. */
const MUTED = new Int16Array(512);

async function listen(engine: SileroVad, samples: Int16Array, step = 320): Promise<number[]> {
  const heard: number[] = [];
  const expected = Math.floor(samples.length / 512);
  const { promise, resolve } = Promise.withResolvers<void>();
  const stream = engine.open((probability, index) => {
    expect(index).toBe(heard.length);
    heard.push(probability);
    if (heard.length === expected) resolve();
  });
  for (let at = 0; at < samples.length; at += step) {
    stream.push(samples.subarray(at, at + step));
    // As fast as the thread takes it, so that nothing is dropped.
    while (at / 512 - heard.length > MAX_QUEUED_WINDOWS / 2) await new Promise((wake) => setTimeout(wake, 2));
  }
  await promise;
  expect(stream.droppedWindows).toBe(0);
  stream.close();
  return heard;
}

/** What the published model says of each window, asked for one at a time. */
async function publishedOf(samples: Int16Array): Promise<number[]> {
  const paths = await loadModel("silero-vad-v6", new AbortController().signal);
  const model = await ort.InferenceSession.create(paths["silero_vad.onnx"], { logSeverityLevel: 3 });
  const padded = Float32Array.from([...new Int16Array(64), ...samples], (sample) => sample / 32_768);
  const sr = new ort.Tensor("int64", BigInt64Array.of(16_000n), []);
  let state: ort.Tensor = new ort.Tensor("float32", new Float32Array(256), [2, 1, 128]);
  const heard: number[] = [];
  for (let at = 0; at + 576 <= padded.length; at += 512) {
    const input = new ort.Tensor("float32", padded.subarray(at, at + 576), [1, 576]);
    const { output, stateN } = await model.run({ input, state, sr });
    if (output === undefined || stateN === undefined) throw new Error("no output");
    heard.push(Number(output.data[0]));
    state = stateN;
  }
  return heard;
}

function expectClose(heard: readonly number[], expected: readonly number[]): void {
  expect(heard).toHaveLength(expected.length);
  for (const [at, probability] of heard.entries()) expect(probability).toBeCloseTo(expected[at] ?? -1, 4);
}

describe("Silero, really", () => {
  it("hears what the published model hears, in a packet of more windows than a run takes", async () => {
    const { engine } = open();
    await engine.ready();
    const whole = clip("librivox-0870.wav");
    const said = Array.from({ length: 6 }, (_, i) => whole.subarray(i * 8_000, i * 8_000 + MAX_QUEUED_WINDOWS * 512));
    const heard = said.map((): number[] => []);
    const streams = heard.map((mine) => engine.open((p) => mine.push(p)));
    // In one packet, and with each session's windows in both runs of it.
    for (let window = 0; window < MAX_QUEUED_WINDOWS; window++) {
      for (const [i, stream] of streams.entries())
        stream.push(said[i]?.subarray(window * 512, (window + 1) * 512) ?? MUTED);
    }
    await vi.waitFor(() => expect(heard.every(({ length }) => length === MAX_QUEUED_WINDOWS)).toBe(true));
    for (const [i, mine] of heard.entries()) expectClose(mine, await publishedOf(said[i] ?? MUTED));
  }, 60_000);

  it("hears nothing of a session in the next one that has its slot, in the same packet", async () => {
    const { engine } = open();
    await engine.ready();
    const [first, second] = [clip("cards-001.wav").subarray(0, 8 * 512), clip("goforward.wav").subarray(0, 20 * 512)];
    const heardBefore: number[] = [];
    const gone = engine.open((p) => heardBefore.push(p));
    gone.push(first.subarray(0, 4 * 512));
    await vi.waitFor(() => expect(heardBefore).toHaveLength(4));
    gone.push(first.subarray(4 * 512));
    gone.close();
    const heard: number[] = [];
    const next = engine.open((p) => heard.push(p));
    next.push(second.subarray(0, 10 * 512));
    await vi.waitFor(() => expect(heard).toHaveLength(10));
    next.push(second.subarray(10 * 512));
    await vi.waitFor(() => expect(heard).toHaveLength(20));
    expectClose(heard, await publishedOf(second));
  }, 60_000);

  it("hears people speak, and neither silence, noise nor a tone", async () => {
    const { engine, errors } = open();
    await engine.ready();
    const share = (probabilities: number[]) => probabilities.filter((p) => p > 0.5).length / probabilities.length;
    for (const name of ["librivox-0870.wav", "librivox-0880.wav", "librivox-0890.wav"]) {
      expect(share(await listen(engine, clip(name)))).toBeGreaterThan(0.8);
    }
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647 - 0.5;
    };
    const length = 32_000;
    const silence = await listen(engine, new Int16Array(length));
    const noise = await listen(
      engine,
      Int16Array.from({ length }, () => 6_000 * random()),
    );
    const tone = await listen(
      engine,
      Int16Array.from({ length }, (_, i) => 8_000 * Math.sin((2 * Math.PI * 440 * i) / 16_000)),
    );
    expect(Math.max(...silence)).toBeLessThan(0.1);
    expect(Math.max(...noise)).toBeLessThan(0.35);
    expect(Math.max(...tone)).toBeLessThan(0.35);
    expect(errors).toEqual([]);
  }, 60_000);

  it("gives each of many sessions what it gives one alone, whatever the pieces", async () => {
    const { engine } = open();
    await engine.ready();
    const samples = clip("cards-001.wav");
    const alone = await listen(engine, samples, 512);
    const other = clip("goforward.wav");
    const together = await Promise.all(
      [320, 160, 512, 700, 33, 320].map((step, i) => listen(engine, i === 3 ? other : samples, step)),
    );
    for (const [i, probabilities] of together.entries()) {
      if (i === 3) continue;
      expect(probabilities).toHaveLength(alone.length);
      for (const [at, probability] of probabilities.entries()) expect(probability).toBeCloseTo(alone[at] ?? -1, 4);
    }
  }, 60_000);
});

describe("SileroVad", () => {
  it("sends the windows of all sessions together, after a short wait for company", async () => {
    const clock = new VirtualClock();
    const { engine } = open({ load: fake, clock });
    await engine.ready();
    const heard: string[] = [];
    const streams = [1, 2, 3, 4].map((id) => engine.open((p, index) => heard.push(`${id}:${index}=${p}`)));
    for (const [i, stream] of streams.entries()) stream.push(windowOf(10 * (i + 1)));
    streams[0]?.push(windowOf(11));
    clock.advance(BATCH_DELAY_MS - 1);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await vi.waitFor(() => expect(heard).toHaveLength(5));
    expect(heard).toEqual(["1:0=1010", "2:0=1020", "3:0=1030", "4:0=1040", "1:1=11"]);
  });

  it("does not wait where no company is to be expected", async () => {
    const clock = new VirtualClock();
    const { engine } = open({ load: fake, clock });
    await engine.ready();
    const heard: number[] = [];
    engine.open((p) => heard.push(p)).push(windowOf(5));
    clock.advance(0);
    await vi.waitFor(() => expect(heard).toEqual([1_005]));
  });

  it("row 76: lets silence wait, but not for long, and not once there is a sound", async () => {
    const clock = new VirtualClock();
    const { engine } = open({ load: fake, clock });
    await engine.ready();
    const heard: number[] = [];
    const stream = engine.open((_p, index) => heard.push(index));
    stream.push(SILENCE);
    clock.advance(CALM_DELAY_MS - 1);
    stream.push(SILENCE);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    expect(clock.pending).toBe(0);
    await vi.waitFor(() => expect(heard).toEqual([0, 1]));
    // The beginning of a session counts 1000 with the fake, more than enough to be taken for speech: silence after it
    // is wanted at once, for a while.
    for (let index = 2; index <= 48; index++) {
      stream.push(SILENCE);
      clock.advance(0);
      expect(clock.pending).toBe(0);
      await vi.waitFor(() => expect(heard.at(-1)).toBe(index), { interval: 1 });
    }
    stream.push(SILENCE);
    clock.advance(0);
    expect(clock.pending).toBe(1);
    stream.push(windowOf(0));
    clock.advance(0);
    await vi.waitFor(() => expect(heard.at(-1)).toBe(50));
    expect(clock.pending).toBe(0);
  });

  it("row 76: keeps windows that nobody waits for, and sends them with the one that decides", async () => {
    const clock = new VirtualClock();
    const { engine } = open({ load: fake, clock });
    await engine.ready();
    const heard: number[] = [];
    const stream = engine.open((_p, index) => heard.push(index));
    stream.awaits(3 * 32);
    stream.push(windowOf(0));
    clock.advance(32);
    stream.push(windowOf(1));
    // Frames make it late.
    clock.advance(32 + 18);
    expect(clock.pending).toBe(1);
    stream.push(windowOf(2));
    clock.advance(0);
    await vi.waitFor(() => expect(heard).toEqual([0, 1, 2]));
    // Speech that goes on decides nothing either.
    stream.awaits(320);
    stream.push(windowOf(3));
    clock.advance(PATIENT_DELAY_MS - 1);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await vi.waitFor(() => expect(heard).toEqual([0, 1, 2, 3]));
  });

  it("lets silence after speech wait, too, where only speech is waited for", async () => {
    const clock = new VirtualClock();
    const { engine } = open({ load: fake, clock });
    await engine.ready();
    const heard: number[] = [];
    const stream = engine.open((_p, index) => heard.push(index));
    stream.awaits("speech");
    stream.push(windowOf(0));
    clock.advance(0);
    await vi.waitFor(() => expect(heard).toEqual([0]));
    stream.push(SILENCE);
    clock.advance(QUIET_DELAY_MS - 1);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await vi.waitFor(() => expect(heard).toEqual([0, 1]));
  });

  it("does not ask the model about a muted microphone, and lets it meet the next sound afresh", async () => {
    const clock = new VirtualClock();
    const { engine } = open({ load: fake, clock });
    await engine.ready();
    const heard: string[] = [];
    const stream = engine.open((probability, index) => heard.push(`${index}: ${probability}`));
    for (let n = 0; n < 3; n++) stream.push(MUTED);
    expect(heard).toEqual(["0: 0", "1: 0", "2: 0"]);
    expect(clock.pending).toBe(0);
    stream.push(windowOf(5));
    clock.advance(BATCH_DELAY_MS);
    await vi.waitFor(() => expect(heard).toContain("3: 1005"));
    // What may have been speech keeps the model listening, muted or not.
    stream.push(MUTED);
    expect(heard).toHaveLength(4);
    clock.advance(CALM_DELAY_MS);
    await vi.waitFor(() => expect(heard).toContain("4: 0"));
  });

  it("does not wait for more when it has a full batch", async () => {
    const clock = new VirtualClock();
    const { engine } = open({ load: fake, clock });
    await engine.ready();
    let heard = 0;
    const streams = Array.from({ length: MAX_WINDOWS }, () => engine.open(() => heard++));
    for (const stream of streams) stream.push(SILENCE);
    clock.advance(0);
    await vi.waitFor(() => expect(heard).toBe(MAX_WINDOWS));
  });

  it("keeps what came before the thread was ready", async () => {
    const { engine } = open({ load: fake });
    const heard: number[] = [];
    const stream = engine.open((p) => heard.push(p));
    stream.push(windowOf(1));
    stream.push(windowOf(2));
    await vi.waitFor(() => expect(heard).toEqual([1_001, 2]));
  });

  it("asks for its thread once in a while, not with every window, while that is on its way", async () => {
    const clock = new VirtualClock();
    const loading = Promise.withResolvers<Awaited<ReturnType<typeof fake>>>();
    const { engine } = open({ load: () => loading.promise, clock });
    const heard: number[] = [];
    const streams = [1, 2, 3, 4].map(() => engine.open((p) => heard.push(p)));
    streams[0]?.push(windowOf(1));
    clock.advance(BATCH_DELAY_MS);
    expect(clock.pending).toBe(0);
    // It is due with those that come with it, as the first was.
    streams[1]?.push(windowOf(2));
    clock.advance(BATCH_DELAY_MS - 1);
    expect(clock.pending).toBe(1);
    loading.resolve(await fake());
    await vi.waitFor(() => expect(heard).toEqual([1_001, 1_002]));
  });

  it("drops and counts the oldest windows of a session that is too far behind, and keeps the place of the rest", async () => {
    const clock = new VirtualClock();
    const { engine } = open({ load: fake, clock });
    await engine.ready();
    const heard: [number, number][] = [];
    const other: number[] = [];
    const stream = engine.open((p, index) => heard.push([p, index]));
    const calm = engine.open((p) => other.push(p));
    calm.push(windowOf(7));
    for (let i = 0; i < MAX_QUEUED_WINDOWS + 3; i++) stream.push(windowOf(i));
    calm.push(windowOf(8));
    expect(stream.droppedWindows).toBe(3);
    expect(calm.droppedWindows).toBe(0);
    clock.advance(0);
    await vi.waitFor(() => expect(heard).toHaveLength(MAX_QUEUED_WINDOWS));
    // The first that is left has taken over the session's beginning.
    expect(heard[0]).toEqual([1_003, 3]);
    expect(heard.at(-1)).toEqual([MAX_QUEUED_WINDOWS + 2, MAX_QUEUED_WINDOWS + 2]);
    expect(other).toEqual([1_007, 8]);
  });

  it("reports nothing from before a reset, and begins anew after it", async () => {
    const { engine } = open({ load: fake });
    await engine.ready();
    const heard: number[] = [];
    const stream = engine.open((p) => heard.push(p));
    stream.push(windowOf(1));
    stream.push(new Int16Array(100).fill(2));
    stream.reset();
    stream.push(windowOf(3));
    stream.push(windowOf(4));
    await vi.waitFor(() => expect(heard).toEqual([1_003, 4]));
  });

  it("sends each window with the end of the one before it, and none where the session begins anew", async () => {
    const { engine } = open({ load: contextFake });
    await engine.ready();
    const heard: number[] = [];
    const stream = engine.open((p) => heard.push(p));
    const samples = Int16Array.from({ length: 4 * 512 }, (_, i) => 10_000 + i);
    // In pieces that fit no window.
    for (let at = 0; at < samples.length; at += 320) stream.push(samples.subarray(at, at + 320));
    const ends = [1, 2, 3].map((windows) => 10_000 + 512 * windows - 64);
    await vi.waitFor(() => expect(heard).toEqual([1_000, ...ends]));
    stream.reset();
    stream.push(samples.subarray(0, 1_024));
    await vi.waitFor(() => expect(heard.slice(4)).toEqual([1_000, ends[0]]));
  });

  it("gives a closed session's slot to the next one, which hears nothing of it", async () => {
    const { engine } = open({ load: fake });
    await engine.ready();
    const [gone, next]: number[][] = [[], []];
    const first = engine.open((p) => gone?.push(p));
    first.push(windowOf(1));
    first.close();
    first.close();
    first.push(windowOf(2));
    engine.open((p) => next?.push(p)).push(windowOf(3));
    await vi.waitFor(() => expect(next).toEqual([1_003]));
    expect(gone).toEqual([]);
    expect(engine.openStreams).toBe(1);
  });

  it("survives its thread: tells of it, counts what is lost, and goes on with a new one", async () => {
    const { engine, errors } = open({ load: fake });
    await engine.ready();
    const heard: number[] = [];
    const stream = engine.open((p) => heard.push(p));
    stream.push(windowOf(-1));
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(errors[0]?.message).toContain("voice activity detection");
    expect(stream.droppedWindows).toBe(1);
    stream.push(windowOf(5));
    await vi.waitFor(() => expect(heard).toEqual([5]));
  });

  it("leaves no timer behind when it is closed in the middle of the work", async () => {
    const clock = new VirtualClock();
    const { engine, errors } = open({ load: fake, clock });
    await engine.ready();
    const heard: number[] = [];
    const stream = engine.open((p) => heard.push(p));
    stream.push(windowOf(1));
    clock.advance(0);
    stream.push(windowOf(2));
    await engine.close();
    stream.push(windowOf(3));
    expect(clock.pending).toBe(0);
    expect(heard).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("is not stopped by a session that throws", async () => {
    const { engine, errors } = open({ load: fake });
    await engine.ready();
    const heard: number[] = [];
    const bad = engine.open(() => {
      throw new Error("handler's own");
    });
    bad.push(windowOf(1));
    const good = engine.open((p) => heard.push(p));
    good.push(windowOf(2));
    await vi.waitFor(() => expect(heard).toEqual([1_002]));
    expect(errors.map((error) => error.message)).toEqual(["handler's own"]);
  });

  it("takes no more than it may keep while there is no thread", async () => {
    const { engine, errors } = open({ load: () => Promise.reject(new Error("offline")) });
    const stream = engine.open(() => undefined);
    for (let i = 0; i < 1_000; i++) stream.push(windowOf(i));
    expect(stream.droppedWindows).toBe(1_000 - MAX_QUEUED_WINDOWS);
    await vi.waitFor(() => expect(errors.map((error) => error.message)).toContain("offline"));
    await expect(engine.ready()).rejects.toThrow("offline");
  });
});
