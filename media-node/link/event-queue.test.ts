import { expect, it } from "vitest";
import type { SessionEvent } from "../../shared/link.ts";
import { EventQueue, MAX_QUEUED_EVENTS } from "./event-queue.ts";

const event = (n: number): SessionEvent => ({
  sid: `s_${String(n).padStart(32, "0")}`,
  stream: "a",
  clientId: String(n),
  event: "connected",
});
const ids = (events: readonly SessionEvent[]): number[] => events.map(({ clientId }) => Number(clientId));

it("repeats what was not acknowledged, in order, before what is new", () => {
  const queue = new EventQueue();
  for (const n of [1, 2]) {
    queue.push(event(n));
    queue.sent(n, queue.take());
  }
  queue.acknowledged(1);
  queue.push(event(3));
  expect([queue.isEmpty, queue.isSettled]).toEqual([false, false]);
  queue.rewind();
  expect(ids(queue.take())).toEqual([2, 3]);
});

it("is settled once everything is acknowledged", () => {
  const queue = new EventQueue();
  queue.push(event(1));
  queue.sent(7, queue.take());
  expect([queue.isEmpty, queue.isSettled]).toEqual([true, false]);
  queue.acknowledged(7);
  expect(queue.isSettled).toBe(true);
});

it("keeps a bounded number, sent or not, and drops the oldest", () => {
  const queue = new EventQueue();
  for (let n = 0; n < 100; n += 1) queue.push(event(n));
  queue.sent(1, queue.take());
  for (let n = 100; n <= MAX_QUEUED_EVENTS; n += 1) queue.push(event(n));
  queue.rewind();
  const kept: number[] = [];
  while (!queue.isEmpty) kept.push(...ids(queue.take()));
  expect([kept.at(0), kept.at(-1), kept.length]).toEqual([100, MAX_QUEUED_EVENTS, MAX_QUEUED_EVENTS - 99]);
});
