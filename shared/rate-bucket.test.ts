import { expect, it } from "vitest";
import { RateBucket } from "./rate-bucket.ts";

/** Takes until one is refused. @returns how many were not. */
function drain(bucket: RateBucket, nowMs: number): number {
  let taken = 0;
  while (bucket.take(nowMs)) taken += 1;
  return taken;
}

it("lets a burst through, then so many a second, and no more than a burst however long the pause", () => {
  const bucket = new RateBucket(10, 30);
  expect(drain(bucket, 0)).toBe(30);
  expect(drain(bucket, 99)).toBe(0);
  expect(drain(bucket, 100)).toBe(1);
  expect(drain(bucket, 1_100)).toBe(10);
  expect(drain(bucket, 1_000_000)).toBe(30);
});

it("gives nothing for a clock that goes backwards", () => {
  const bucket = new RateBucket(10, 1);
  expect(drain(bucket, 5_000)).toBe(1);
  expect(drain(bucket, 1_000)).toBe(0);
});
