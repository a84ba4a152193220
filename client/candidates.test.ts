import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Candidates } from "./candidates.ts";

const FULL = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
const LITE = `v=0\r\na=ice-lite\r\n${FULL.slice(5)}`;
const candidate = (n: number) => ({ candidate: `candidate:${n}` });

describe("candidates", () => {
  let sent: RTCIceCandidateInit[];
  let candidates: Candidates;

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    candidates = new Candidates((init) => sent.push(init));
  });

  afterEach(() => {
    candidates.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("are sent when the call did not come up without them, and then as they come", () => {
    candidates.add(candidate(1));
    candidates.answered(FULL);
    candidates.add(candidate(2));
    vi.advanceTimersByTime(249);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    candidates.add(candidate(3));
    expect(sent).toEqual([candidate(1), candidate(2), candidate(3)]);
  });

  it("are not sent when it did", () => {
    candidates.add(candidate(1));
    candidates.answered(FULL);
    vi.advanceTimersByTime(100);
    candidates.close();
    candidates.add(candidate(2));
    vi.advanceTimersByTime(10_000);
    expect(sent).toEqual([]);
  });

  it("are of no use to a lite node", () => {
    candidates.add(candidate(1));
    candidates.answered(LITE);
    candidates.add(candidate(2));
    vi.advanceTimersByTime(10_000);
    expect(sent).toEqual([]);
  });

  it("are kept up to a limit while there is no answer", () => {
    for (let n = 0; n < 1_000; n++) candidates.add(candidate(n));
    candidates.answered(FULL);
    vi.advanceTimersByTime(250);
    expect(sent).toHaveLength(64);
  });
});
