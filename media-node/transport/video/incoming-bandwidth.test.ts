import { describe, expect, it } from "vitest";
import { IncomingBandwidth } from "./incoming-bandwidth.ts";

const MAX = 1_500_000;
const FRAME_MS = 33;
const PACKET_BYTES = 1_100;

interface Line {
  bitsPerSecond: number;
  /** Of each packet, up to so much. */
  jitterMs: number;
  /** What the camera would send at most. */
  wanted: number;
}

/** A client that sends what it is asked for, through a line with a buffer of two seconds, for `durationMs`. */
function simulate(durationMs: number, lineAt: (atMs: number) => Line) {
  const bandwidth = new IncomingBandwidth(MAX);
  const arrivals: { readonly atMs: number; readonly takenAtMs: number }[] = [];
  const asked: number[] = [];
  const delays: number[] = [];
  let rate = MAX;
  let freeAtMs = 0;
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let nowMs = 0; nowMs < durationMs; nowMs++) {
    const line = lineAt(nowMs);
    if (nowMs % FRAME_MS === 0) {
      const bytes = (Math.min(rate, line.wanted) * FRAME_MS) / 8_000;
      for (let left = bytes; left > 0; left -= PACKET_BYTES) {
        const start = Math.max(nowMs, freeAtMs);
        if (start - nowMs > 2_000) break;
        freeAtMs = start + (Math.min(left, PACKET_BYTES) * 8_000) / line.bitsPerSecond;
        arrivals.push({ atMs: freeAtMs + random() * line.jitterMs, takenAtMs: nowMs });
      }
      arrivals.sort((a, b) => a.atMs - b.atMs);
    }
    for (let next = arrivals[0]; next !== undefined && next.atMs <= nowMs; next = arrivals[0]) {
      arrivals.shift();
      // The two clocks are hours apart.
      bandwidth.received(PACKET_BYTES, next.takenAtMs + 1e7, nowMs);
      delays.push(nowMs - next.takenAtMs);
    }
    if (nowMs % 500 === 499) {
      rate = bandwidth.next(nowMs);
      asked.push(rate);
    }
  }
  return { asked, delays };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("what a client may send", () => {
  const wide: Line = { bitsPerSecond: 20_000_000, jitterMs: 0, wanted: MAX };

  it("is all it is allowed to, where the line takes it", () => {
    expect(Math.min(...simulate(30_000, () => wide).asked)).toBe(MAX);
  });

  it("stays so where packets are late at random, or the camera has little to show", () => {
    expect(Math.min(...simulate(60_000, () => ({ ...wide, jitterMs: 200 })).asked)).toBe(MAX);
    expect(Math.min(...simulate(60_000, (at) => ({ ...wide, wanted: at > 5_000 ? 80_000 : MAX })).asked)).toBe(MAX);
  });

  it.each([300_000, 500_000, 1_000_000])("settles below a line of %i bit/s, with a short queue", (bitsPerSecond) => {
    const { asked, delays } = simulate(60_000, () => ({ ...wide, bitsPerSecond }));
    const later = asked.slice(40);
    expect(mean(later)).toBeGreaterThan(bitsPerSecond * 0.6);
    expect(mean(later)).toBeLessThan(bitsPerSecond * 1.05);
    expect(mean(delays.slice(delays.length / 2))).toBeLessThan(300);
  });

  it("comes back when the line does", () => {
    const { asked } = simulate(60_000, (at) => ({ ...wide, bitsPerSecond: at < 20_000 ? 400_000 : 20_000_000 }));
    expect(Math.min(...asked.slice(20, 40))).toBeLessThan(450_000);
    expect(asked.at(-1)).toBe(MAX);
  });

  it("is never nothing", () => {
    const { asked } = simulate(30_000, () => ({ ...wide, bitsPerSecond: 20_000 }));
    expect(Math.min(...asked)).toBe(150_000);
  });

  it("is not judged by packets that were sent again, nor by none", () => {
    const bandwidth = new IncomingBandwidth(MAX);
    expect(bandwidth.next(500)).toBe(MAX);
    bandwidth.received(1_000, undefined, 600);
    expect(bandwidth.next(1_000)).toBe(MAX);
  });
});
