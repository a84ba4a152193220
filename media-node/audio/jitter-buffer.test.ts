import { describe, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { JitterBuffer } from "./jitter-buffer.ts";

function rig() {
  const clock = new VirtualClock();
  const out: (number | string)[] = [];
  const buffer = new JitterBuffer(clock, {
    packet: ({ sequenceNumber }) => out.push(sequenceNumber),
    lost: (count, next) => out.push(`lost ${count} before ${next.sequenceNumber}`),
  });
  const push = (sequenceNumber: number): void =>
    buffer.push({
      sequenceNumber: sequenceNumber & 0xffff,
      timestamp: sequenceNumber * 960,
      payload: new Uint8Array([1]),
    });
  return { clock, out, buffer, push };
}

describe("JitterBuffer", () => {
  it("lets packets through at once while they come in order, over the wrap of the sequence", () => {
    const { out, push, clock } = rig();
    for (const n of [65_534, 65_535, 65_536, 65_537]) push(n);
    expect(out).toEqual([65_534, 65_535, 0, 1]);
    expect(clock.pending).toBe(0);
  });

  it("waits for a late packet and puts it back in its place", () => {
    const { out, push, clock } = rig();
    for (const n of [1, 3, 4]) push(n);
    expect(out).toEqual([1]);
    clock.advance(10);
    push(2);
    expect(out).toEqual([1, 2, 3, 4]);
    expect(clock.pending).toBe(0);
  });

  it("gives a missing packet up and goes on", () => {
    const { out, push, clock } = rig();
    for (const n of [1, 4, 6]) push(n);
    clock.advance(500);
    expect(out).toEqual([1, "lost 2 before 4", 4, "lost 1 before 6", 6]);
    expect(clock.pending).toBe(0);
  });

  it("drops what comes twice or too late", () => {
    const { out, push, buffer, clock } = rig();
    for (const n of [1, 2, 2, 4]) push(n);
    clock.advance(500);
    push(3);
    expect(out).toEqual([1, 2, "lost 1 before 4", 4]);
    expect(buffer.discarded).toBe(2);
  });

  it("does not hold more than a bounded number behind a gap", () => {
    const { out, push } = rig();
    push(1);
    for (let n = 3; n < 21; n++) push(n);
    expect(out.slice(0, 3)).toEqual([1, "lost 1 before 3", 3]);
    expect(out.at(-1)).toBe(20);
  });

  it("follows a sender that restarts its sequence", () => {
    const { out, push } = rig();
    for (const n of [10, 11, 30_000, 30_001]) push(n);
    expect(out).toEqual([10, 11, 30_000, 30_001]);
  });

  it("leaves no timer behind when closed", () => {
    const { push, buffer, clock } = rig();
    for (const n of [1, 3]) push(n);
    buffer.close();
    expect(clock.pending).toBe(0);
  });
});
