import { describe, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { AsyncQueue, waitForItem } from "./async-queue.ts";

describe("AsyncQueue", () => {
  it("gives items in order, at once or when they come", async () => {
    const queue = new AsyncQueue<number>();
    queue.push(1);
    queue.push(2);
    expect([queue.next(), queue.next()]).toEqual([1, 2]);
    const waiting = [queue.next(), queue.next()];
    queue.push(3);
    queue.push(4);
    expect(await Promise.all(waiting)).toEqual([3, 4]);
  });

  it("drops the oldest past its limit, and settles everyone when it closes", async () => {
    const queue = new AsyncQueue<number>(2);
    for (const item of [1, 2, 3]) queue.push(item);
    expect([queue.next(), queue.dropped]).toEqual([2, 1]);
    queue.clear();
    const waiting = queue.next();
    queue.close();
    expect(await waiting).toBeUndefined();
    expect(queue.next()).toBeUndefined();
  });

  it("loses no item to a wait that was given up", async () => {
    const queue = new AsyncQueue<number>();
    const stop = new AbortController();
    const given = queue.next(stop.signal);
    const kept = queue.next();
    stop.abort();
    expect(await given).toBeUndefined();
    queue.push(1);
    expect(await kept).toBe(1);
    expect(queue.next(stop.signal)).toBeUndefined();
  });
});

describe("waitForItem (row 70)", () => {
  it("gives the item, also one that comes just in time", async () => {
    const queue = new AsyncQueue<string>();
    const clock = new VirtualClock();
    queue.push("there");
    expect(await waitForItem(queue, 0.1, clock)).toBe("there");
    const waiting = waitForItem(queue, 0.1, clock);
    clock.advance(99);
    queue.push("late");
    expect(await waiting).toBe("late");
    expect(clock.pending).toBe(0);
  });

  it("gives up after its timeout, in seconds, and leaves the next item to others", async () => {
    const queue = new AsyncQueue<string>();
    const clock = new VirtualClock();
    const waiting = waitForItem(queue, 2, clock);
    clock.advance(2_000);
    expect(await waiting).toBeUndefined();
    queue.push("next");
    expect(queue.next()).toBe("next");
    expect(clock.pending).toBe(0);
  });
});
