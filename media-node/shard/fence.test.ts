import { expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { Fence } from "./fence.ts";

function fenced() {
  const clock = new VirtualClock();
  const seen = { out: 0 };
  const onOut = (): void => {
    seen.out += 1;
  };
  return { clock, seen, fence: new Fence({ clock, machineTimeMs: () => clock.nowMs(), onOut }) };
}

it("holds while the edge's word is renewed, and falls once it has run out", () => {
  const { clock, seen, fence } = fenced();
  clock.advance(60_000);
  expect(seen.out).toBe(0);
  fence.set(75_000);
  clock.advance(10_000);
  fence.set(85_000);
  clock.advance(15_000);
  expect(seen.out).toBe(0);
  clock.advance(250);
  expect(seen.out).toBe(1);
});

it("falls again for sessions that come late, until there is a new word", () => {
  const { clock, seen, fence } = fenced();
  fence.set(1_000);
  clock.advance(2_000);
  expect(seen.out).toBeGreaterThan(1);
  fence.set(20_000);
  const before = seen.out;
  clock.advance(10_000);
  expect(seen.out).toBe(before);
});

it("falls after a pause even if a new word is read first", () => {
  const { clock, seen, fence } = fenced();
  fence.set(15_000);
  clock.jump(30_000);
  fence.set(45_000);
  expect(seen.out).toBe(1);
});

it("falls early when the word is taken back", () => {
  const { clock, seen, fence } = fenced();
  fence.set(15_000);
  fence.set(4_000);
  clock.advance(4_500);
  expect(seen.out).toBeGreaterThan(0);
  fence.close();
  expect(clock.pending).toBe(0);
});
