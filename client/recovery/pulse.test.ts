import { describe, expect, it } from "vitest";
import { hasArrived, readPulse } from "./pulse.ts";

const pair = (id: string, bytesReceived?: number, responsesReceived?: number) => ({
  type: "candidate-pair",
  id,
  ...(bytesReceived === undefined ? {} : { bytesReceived }),
  ...(responsesReceived === undefined ? {} : { responsesReceived }),
});
const pulse = (...stats: object[]) => readPulse(stats, false);

describe("the pulse of a connection", () => {
  it("beats when media or a report has come, over whichever path", () => {
    expect(hasArrived(pulse(pair("a", 10)), pulse(pair("a", 10), pair("b", 1)))).toBe(true);
    expect(hasArrived(pulse(pair("a", 10)), pulse(pair("a", 11)))).toBe(true);
  });

  it("does not when nothing has, or when a path is given up", () => {
    expect(hasArrived(pulse(pair("a", 10)), pulse(pair("a", 10)))).toBe(false);
    expect(hasArrived(pulse(pair("a", 10), pair("b", 5)), pulse(pair("a", 10)))).toBe(false);
    expect(hasArrived(pulse(), pulse({ type: "codec" }))).toBe(false);
  });

  it("counts the answers to checks only where nothing else may come", () => {
    const [before, after] = [[pair("a", 10, 1)], [pair("a", 10, 2)]];
    expect(hasArrived(readPulse(before, false), readPulse(after, false))).toBe(false);
    expect(hasArrived(readPulse(before, true), readPulse(after, true))).toBe(true);
  });

  it("knows how much media was sent", () => {
    const audio = { type: "outbound-rtp", packetsSent: 5 };
    expect(pulse(audio, { ...audio, packetsSent: 7 }, { type: "outbound-rtp" }).sent).toBe(12);
  });
});
