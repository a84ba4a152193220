import { expect, it } from "vitest";
import { closedLoop } from "./closed-loop.ts";

const unaborted = new AbortController().signal;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it("keeps so many at work, each with one thing after the other, and finishes what has begun", async () => {
  let now = 0;
  let most = 0;
  const result = await closedLoop(3, 20, unaborted, async () => {
    now += 1;
    most = Math.max(most, now);
    await turn();
    now -= 1;
    return [1, 2];
  });
  expect(most).toBe(3);
  expect(now).toBe(0);
  expect(result.tookMs.length).toBeGreaterThanOrEqual(6);
  expect(result.tookMs.slice(0, 2)).toEqual([1, 2]);
  expect(result.wallMs).toBeGreaterThanOrEqual(20);
});

it("stops everybody at the first failure, and fails with it", async () => {
  let begun = 0;
  const loop = closedLoop(4, 60_000, unaborted, async () => {
    begun += 1;
    await turn();
    if (begun >= 4) throw new Error("refused");
    return [];
  });
  await expect(loop).rejects.toThrow("refused");
  expect(begun).toBe(4);
});

it("stops when it is told to", async () => {
  const stop = new AbortController();
  const loop = closedLoop(2, 60_000, stop.signal, async () => {
    await turn();
    stop.abort(new Error("time is up"));
    return [];
  });
  await expect(loop).rejects.toThrow("time is up");
});
