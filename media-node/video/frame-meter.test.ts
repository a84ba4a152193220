import { describe, expect, it } from "vitest";
import { FrameMeter } from "./frame-meter.ts";

describe("the frame meter", () => {
  it("reports frames a second, what was dropped, and the median delay, and begins anew", () => {
    const meter = new FrameMeter(0);
    for (const [timestampUs, delayMs] of [10, 30, 20, 500, 25].entries()) {
      meter.arrived(timestampUs, 100);
      meter.sent(timestampUs, 100 + delayMs);
    }
    meter.dropped();
    expect(meter.report(2_000)).toEqual({ framesPerSecond: 2.5, dropped: 1, delayMs: 25 });
    expect(meter.report(3_000)).toBeUndefined();
  });

  it("has no delay for pictures that answer none of the client's", () => {
    const meter = new FrameMeter(0);
    meter.sent(1, 40);
    expect(meter.report(1_000)).toEqual({ framesPerSecond: 1, dropped: 0, delayMs: null });
  });

  it("forgets frames that were never answered", () => {
    const meter = new FrameMeter(0);
    for (let frame = 0; frame < 10_000; frame++) meter.arrived(frame, frame);
    meter.sent(0, 10_000);
    meter.sent(9_999, 10_000);
    expect(meter.report(10_000)).toMatchObject({ delayMs: 1 });
  });
});
