import { describe, expect, it } from "vitest";
import { BacklogWatch, blend } from "./backlog.ts";

/** Sends frames, each with so many still queued. @returns how often two were taken for one. */
const send = (watch: BacklogWatch, frames: number, queued: (index: number) => number) =>
  Array.from({ length: frames }, (_, index) => watch.sent(queued(index))).filter(Boolean).length;

describe("a watch for live audio that runs late", () => {
  it("works off what was queued for a whole second, but for a frame", () => {
    const watch = new BacklogWatch();
    expect(send(watch, 49, () => 6)).toBe(0);
    expect(send(watch, 50, () => 6)).toBe(5);
    expect(send(watch, 30, () => 1)).toBe(0);
  });

  it("leaves alone a queue that is empty now and then, or that shrinks: the end of a reply", () => {
    expect(send(new BacklogWatch(), 500, (index) => (index % 40 === 0 ? 1 : 6))).toBe(0);
    expect(send(new BacklogWatch(), 500, (index) => 500 - index)).toBe(0);
  });

  it("counts anew once it is told that what is queued is none", () => {
    const watch = new BacklogWatch();
    for (let reply = 0; reply < 10; reply += 1) {
      expect(send(watch, 49, () => 6)).toBe(0);
      watch.reset();
    }
  });
});

it("blends two frames into one that begins as the first and ends as the second", () => {
  const blended = blend(new Int16Array(100).fill(1_000), new Int16Array(100).fill(-1_000));
  expect([blended[0], blended[50], blended[99]]).toEqual([1_000, 0, -980]);
});
