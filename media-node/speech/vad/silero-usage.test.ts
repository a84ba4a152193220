import { expect, it, vi } from "vitest";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { MAX_QUEUED_WINDOWS, SileroVad } from "./silero-vad.ts";

/** Hears nothing; dies of a window that begins with −1. */
const CODE = `
import { parentPort as port } from "node:worker_threads";
port.on("message", (message) => {
  if (message === "close") return port.close();
  if (new Int16Array(message.buffer, message.capacity * 4)[64] === -1) process.exit(1);
  new Float32Array(message.buffer, 0, message.capacity).fill(0);
  port.postMessage(message, [message.buffer]);
});
port.postMessage("ready");`;
const load = async () => ({ url: new URL(`data:text/javascript,${encodeURIComponent(CODE)}`), data: undefined });
const windowOf = (first: number) => new Int16Array(512).fill(9_000).fill(first, 0, 1);

it("counts windows by what became of them, and the time its thread had some", async () => {
  const clock = new VirtualClock();
  const engine = new SileroVad({ onError: () => undefined, clock, load });
  await engine.ready();
  let heard = 0;
  const stream = engine.open(() => {
    heard += 1;
  });
  for (let i = 0; i < MAX_QUEUED_WINDOWS + 3; i++) stream.push(windowOf(i));
  expect(engine.usage).toMatchObject({ queued: MAX_QUEUED_WINDOWS, jobs: { done: 0, refused: 3 }, busyMs: 0 });
  clock.advance(0);
  clock.advance(4);
  expect(engine.usage).toMatchObject({ queued: 0, busyMs: 4 });
  await vi.waitFor(() => expect(heard).toBe(MAX_QUEUED_WINDOWS));
  stream.push(windowOf(-1));
  clock.advance(0);
  await vi.waitFor(() => expect(engine.usage.jobs.failed).toBe(1));
  clock.advance(1_000);
  const jobs = { done: MAX_QUEUED_WINDOWS, failed: 1, timed_out: 0, refused: 3, given_up: 0 };
  expect(engine.usage).toEqual({ queued: 0, jobs, busyMs: 4 });
  await engine.close();
});
