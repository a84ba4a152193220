import { describe, expect, it } from "vitest";
import type { OutputNews } from "../../shared/link.ts";
import { MAX_QUEUED_CHARS, OutputQueue } from "./output-queue.ts";

const ref = { sid: `s_${"0".repeat(32)}`, stream: "a", clientId: "c" };
const output = (seq: number, json = "[]"): OutputNews => ({ ...ref, news: "output", seq, json });
const seqs = (news: readonly OutputNews[]): number[] => news.map((item) => (item.news === "output" ? item.seq : 0));

describe("outputs on their way to the edge", () => {
  it("are said again on the next socket until they are acknowledged", () => {
    const queue = new OutputQueue();
    queue.push(output(1));
    queue.sent(7, queue.take());
    queue.push(output(2));
    queue.sent(8, queue.take());
    queue.acknowledged(7);
    queue.push(output(3));
    expect(queue.isSettled).toBe(false);
    queue.rewind();
    expect(seqs(queue.take())).toEqual([2, 3]);
  });

  it("go in reports that a link message can hold, one at least", () => {
    const queue = new OutputQueue();
    for (let seq = 1; seq <= 5; seq += 1) queue.push(output(seq, "x".repeat(400_000)));
    expect(seqs(queue.take())).toEqual([1, 2]);
    expect(seqs(queue.take())).toEqual([3, 4]);
    expect(seqs(queue.take())).toEqual([5]);
    expect(queue.isEmpty).toBe(true);
  });

  it("are dropped past their bound, the oldest first, sent or not", () => {
    const queue = new OutputQueue();
    const large = "x".repeat(MAX_QUEUED_CHARS / 4);
    queue.push(output(1, large));
    queue.sent(1, queue.take());
    for (let seq = 2; seq <= 5; seq += 1) queue.push(output(seq, large));
    queue.rewind();
    const left: number[] = [];
    while (!queue.isEmpty) left.push(...seqs(queue.take()));
    expect(left).toEqual([2, 3, 4, 5]);
  });
});
