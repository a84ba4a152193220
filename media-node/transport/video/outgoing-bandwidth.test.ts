import { describe, expect, it } from "vitest";
import { OutgoingBandwidth } from "./outgoing-bandwidth.ts";

const MAX = 1_500_000;

describe("what is sent to a client", () => {
  it("follows what the client says, within bounds", () => {
    const bandwidth = new OutgoingBandwidth(MAX);
    expect(bandwidth.estimated(800_000)).toBe(800_000);
    expect(bandwidth.estimated(1)).toBe(100_000);
    expect(bandwidth.estimated(1e12)).toBe(MAX);
  });

  it("begins with what is usual, and goes up to what is allowed while nothing is lost", () => {
    expect(new OutgoingBandwidth(400_000).bitsPerSecond).toBe(400_000);
    const bandwidth = new OutgoingBandwidth(4_000_000);
    expect(bandwidth.bitsPerSecond).toBe(1_500_000);
    for (let n = 0; n < 30; n++) bandwidth.reported(0, n * 1_000);
    expect(bandwidth.bitsPerSecond).toBe(4_000_000);
  });

  it("says nothing of small changes, but always that a limit is reached", () => {
    const bandwidth = new OutgoingBandwidth(MAX);
    expect(bandwidth.estimated(5_000_000)).toBeUndefined();
    expect(bandwidth.estimated(1_000_000)).toBe(1_000_000);
    expect(bandwidth.estimated(1_010_000)).toBeUndefined();
    expect(bandwidth.estimated(1_480_000)).toBe(1_480_000);
    expect(bandwidth.estimated(MAX)).toBe(MAX);
  });

  it("sinks while more than a tenth is lost, stays while some is, and rises again while hardly any is", () => {
    const bandwidth = new OutgoingBandwidth(MAX);
    let nowMs = 0;
    const reports = (lost: number, count: number) => {
      let last: number | undefined;
      for (let n = 0; n < count; n++) {
        nowMs += 1_000;
        last = bandwidth.reported(lost, nowMs) ?? last;
      }
      return last;
    };
    expect(reports(0.2, 5)).toBeCloseTo(MAX * 0.9 ** 5);
    expect(reports(0.05, 20)).toBeUndefined();
    expect(reports(0, 20)).toBe(MAX);
  });

  it("sinks from what was sent, where the client's own estimate is lower", () => {
    const bandwidth = new OutgoingBandwidth(MAX);
    bandwidth.estimated(500_000);
    expect(bandwidth.reported(0.5, 0)).toBe(375_000);
  });

  it("takes reports of one moment as one", () => {
    const bandwidth = new OutgoingBandwidth(MAX);
    expect(bandwidth.reported(1, 0)).toBe(MAX / 2);
    for (let n = 0; n < 100; n++) expect(bandwidth.reported(1, n)).toBeUndefined();
  });
});
