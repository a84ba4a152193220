import { describe, expect, it } from "vitest";
import { within } from "./deadline.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("within", () => {
  it("settles as the work does, and leaves no timer", async () => {
    const clock = new VirtualClock();
    expect(await within(Promise.resolve(7), 100, clock, "Counting")).toBe(7);
    await expect(within(Promise.reject(new Error("no")), 100, clock, "Counting")).rejects.toThrow("no");
    expect(clock.pending).toBe(0);
  });

  it("gives up on time, and says on what", async () => {
    const clock = new VirtualClock();
    const result = within(new Promise(() => undefined), 100, clock, "Counting");
    const failed = expect(result).rejects.toThrow("Counting took longer than 100 ms.");
    clock.advance(100);
    await failed;
  });

  it("ends the wait with the signal, and leaves neither timer nor listener", async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const result = within(new Promise(() => undefined), 100, clock, "Counting", stop.signal);
    stop.abort(new Error("not wanted"));
    await expect(result).rejects.toThrow("not wanted");
    expect(clock.pending).toBe(0);
    await expect(within(new Promise(() => undefined), 100, clock, "Counting", stop.signal)).rejects.toThrow(
      "not wanted",
    );
  });
});
