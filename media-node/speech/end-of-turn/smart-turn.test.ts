import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWav } from "../../audio/wav.ts";
import type { Clock } from "../../time/clock.ts";
import { MAX_QUEUED_VERDICTS, SmartTurn, VERDICT_TIMEOUT_MS } from "./smart-turn.ts";

const clip = (name: string) =>
  readWav(readFileSync(new URL(`../../../test/fixtures/speech/${name}`, import.meta.url))).samples;

describe("SmartTurn", () => {
  const model = new SmartTurn({ timeoutMs: 60_000 });
  // The first run on a machine downloads the model.
  beforeAll(() => model.ready(), 300_000);
  afterAll(() => model.close());

  /** Probabilities that the model's own Python code gives, for the whole recording and for its first half. */
  it.each([
    ["goforward.wav", 0.9865, 0.9574],
    ["cards-001.wav", 0.988, 0.7202],
    ["cards-005.wav", 0.9893, 0.8688],
    ["librivox-0880.wav", 0.0992, 0.0091],
    ["librivox-0890.wav", 0.9425, 0.0232],
  ])("judges %s as the reference does", async (name, whole, half) => {
    const samples = clip(name);
    expect(await model.judge(samples)).toBeCloseTo(whole, 2);
    expect(await model.judge(samples.subarray(0, samples.length / 2))).toBeCloseTo(half, 2);
  });

  it("leaves the caller its samples", async () => {
    const samples = clip("goforward.wav");
    await model.judge(samples);
    expect(samples.length).toBe(44_580);
  });

  it("gives up when the speaker goes on", async () => {
    const wentOn = new AbortController();
    const verdict = model.judge(clip("goforward.wav"), { signal: wentOn.signal });
    wentOn.abort(new Error("went on"));
    await expect(verdict).rejects.toThrow("went on");
  });
});

describe("SmartTurn in time", () => {
  /** Time that passes when told to. */
  function world() {
    let due: (() => void)[] = [];
    const delays: number[] = [];
    const clock: Clock = {
      nowMs: () => 0,
      after(delayMs, callback) {
        delays.push(delayMs);
        due.push(callback);
        return {
          cancel: () => {
            due = due.filter((each) => each !== callback);
          },
        };
      },
    };
    const pass = () => {
      for (const callback of due.splice(0)) callback();
    };
    return { clock, delays, pass, pending: () => due.length };
  }
  /** A model that is never there, until somebody gives up on it. */
  const neverLoaded = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

  it("has no verdict once the time is over, and leaves no timer", async () => {
    const { clock, delays, pass, pending } = world();
    const model = new SmartTurn({ clock, load: neverLoaded });
    const verdict = model.judge(new Int16Array(16_000));
    expect(delays).toEqual([VERDICT_TIMEOUT_MS]);
    pass();
    expect(await verdict).toBeUndefined();
    expect(pending()).toBe(0);
    await model.close();
  });

  it("takes no more turns than may wait", async () => {
    const { clock, pass } = world();
    const model = new SmartTurn({ clock, load: neverLoaded });
    const waiting = Array.from({ length: MAX_QUEUED_VERDICTS }, () => model.judge(new Int16Array(160)));
    await expect(model.judge(new Int16Array(160))).rejects.toMatchObject({ code: "end_of_turn_overloaded" });
    pass();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => undefined));
    await model.close();
  });
});
