import { expect, it } from "vitest";
import { SampleBuffer } from "./sample-buffer.ts";

const counted = (from: number, length: number) => Int16Array.from({ length }, (_, i) => from + i);

it("keeps what came last, whatever of its memory it gives back", () => {
  const buffer = new SampleBuffer();
  // 300,000 samples are more memory than is kept for nothing.
  for (let second = 0; second < 30; second++) buffer.append(counted(second * 100, 10_000));
  expect(buffer.length).toBe(300_000);
  const before = buffer.view.buffer.byteLength;
  buffer.keepLast(5_000);
  expect([...buffer.view]).toEqual([...counted(7_900, 5_000)]);
  expect(buffer.view.buffer.byteLength).toBeLessThan(before / 8);
  buffer.append(counted(0, 3));
  expect([...buffer.view.subarray(4_998)]).toEqual([...counted(12_898, 2), 0, 1, 2]);
  // What is usual is kept, and more than there is cannot be.
  const { byteLength } = buffer.view.buffer;
  buffer.keepLast(9_000);
  expect(buffer.length).toBe(5_003);
  buffer.clear();
  expect(buffer.length).toBe(0);
  expect(buffer.view.buffer.byteLength).toBe(byteLength);
});
