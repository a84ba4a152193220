import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Timers } from "./timers.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("timers", () => {
  it("run once, and are forgotten then", () => {
    const ran = vi.fn();
    new Timers<"a">().set("a", 100, ran);
    vi.advanceTimersByTime(99);
    expect(ran).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(ran).toHaveBeenCalledOnce();
  });

  it("are replaced by one of the same name", () => {
    const timers = new Timers<"a">();
    const ran: string[] = [];
    timers.set("a", 100, () => ran.push("first"));
    timers.set("a", 200, () => ran.push("second"));
    vi.runAllTimers();
    expect(ran).toEqual(["second"]);
  });

  it("are all cleared together, and leave nothing behind", () => {
    const timers = new Timers<"a" | "b">();
    timers.set("a", 100, () => expect.unreachable());
    timers.set("b", 100, () => expect.unreachable());
    timers.clearAll();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may be set again by their own action", () => {
    const timers = new Timers<"poll">();
    let polls = 0;
    const poll = () => {
      polls += 1;
      if (polls < 3) timers.set("poll", 10, poll);
    };
    timers.set("poll", 10, poll);
    vi.runAllTimers();
    expect(polls).toBe(3);
  });
});
