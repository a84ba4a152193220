import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameGate } from "./frame-gate.ts";

/** A camera at 30 fps and a handler that takes `workMs`. @returns which frames it worked on, and when each began. */
function play(
  gate: FrameGate<number>,
  frames: number,
  workMs: (frame: number) => number,
): [frame: number, atMs: number][] {
  const worked: [number, number][] = [];
  let doneAtMs = Number.POSITIVE_INFINITY;
  const begin = (frame: number | undefined, atMs: number): void => {
    doneAtMs = frame === undefined ? Number.POSITIVE_INFINITY : atMs + workMs(frame);
    if (frame !== undefined) worked.push([frame, atMs]);
  };
  for (let frame = 0; frame < frames; frame++) {
    const atMs = (frame * 1_000) / 30;
    while (doneAtMs <= atMs) begin(gate.done(doneAtMs), doneAtMs);
    const next = gate.arrived(frame, atMs);
    if (next !== undefined) begin(next, atMs);
  }
  return worked;
}

describe("the frame gate", () => {
  it("gives a fast handler every frame", () => {
    const gate = new FrameGate<number>();
    expect(play(gate, 90, () => 5)).toHaveLength(90);
    expect(gate.dropped).toBe(0);
  });

  it("gives a slow handler the newest frame, never one older than a camera's step", () => {
    const gate = new FrameGate<number>();
    const worked = play(gate, 300, () => 100);
    expect(worked.length).toBeGreaterThanOrEqual(99);
    for (const [frame, atMs] of worked) expect(atMs - (frame * 1_000) / 30).toBeLessThan(1_000 / 30 + 1e-6);
    expect(gate.dropped).toBeGreaterThan(190);
  });

  it("keeps several in order where it has room, and gives up the oldest past it", () => {
    const gate = new FrameGate<number>({ room: 3 });
    expect(gate.arrived(0, 0)).toBe(0);
    for (const frame of [1, 2, 3, 4, 5]) expect(gate.arrived(frame, frame)).toBeUndefined();
    expect([gate.done(9), gate.done(10), gate.done(11), gate.done(12)]).toEqual([3, 4, 5, undefined]);
    expect(gate.dropped).toBe(2);
  });

  it("takes one frame every so often, on an even grid, and counts the others as left out, not as dropped", () => {
    const gate = new FrameGate<number>({ everyMs: 500 });
    const worked = play(gate, 301, () => 20);
    expect(worked).toHaveLength(21);
    expect(gate.dropped).toBe(0);
  });

  it("works on frames in order, at most one at a time, and loses count of none", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean(), { maxLength: 200 }), (room, arrivals) => {
        const gate = new FrameGate<number>({ room });
        const worked: number[] = [];
        let [busy, frame] = [false, 0];
        for (const arrives of arrivals) {
          const next = arrives ? gate.arrived(frame++, frame) : busy ? gate.done(frame) : undefined;
          if (arrives && busy) expect(next).toBeUndefined();
          if (!arrives || next !== undefined) busy = next !== undefined;
          if (next !== undefined) worked.push(next);
        }
        expect(worked).toEqual([...worked].sort((a, b) => a - b));
        const waiting = frame - worked.length - gate.dropped;
        expect(waiting).toBeGreaterThanOrEqual(0);
        expect(waiting).toBeLessThanOrEqual(room);
      }),
    );
  });
});
