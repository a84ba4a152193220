import { expect, it } from "vitest";
import { MAX_SOCKET_AUDIO_AHEAD_MS } from "../../../shared/limits.ts";
import type { AudioFrame } from "../../audio/frame.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { IncomingAudio } from "./incoming-audio.ts";

function rig(sourceRate = 8_000, sampleRate = 8_000, channels: 1 | 2 = 1) {
  const clock = new VirtualClock();
  const frames: AudioFrame[] = [];
  const incoming = new IncomingAudio({
    clock,
    sourceRate,
    sampleRate,
    channels,
    onFrame: (frame) => frames.push(frame),
  });
  const length = (): number => frames.reduce((sum, { samples }) => sum + samples.length, 0);
  return { clock, frames, incoming, length };
}

const samples = (count: number): Int16Array => Int16Array.from({ length: count }, (_, index) => index % 100);

it("hands on every sample, in frames of 20 ms and what is left", () => {
  const { frames, incoming } = rig();
  incoming.push(samples(500));
  expect(frames.map(({ samples: { length } }) => length)).toEqual([160, 160, 160, 20]);
  expect(frames.flatMap((frame) => [...frame.samples])).toEqual([...samples(500)]);
  incoming.close();
});

it("hands on a long message in a few long frames: the handler's queue holds it", () => {
  const { frames, incoming, length } = rig();
  incoming.push(samples(80_000));
  expect(frames.length).toBeLessThanOrEqual(50);
  expect(length()).toBe(80_000);
  incoming.close();
});

it("converts to the handler's rate and channels", () => {
  const { frames, incoming, length } = rig(8_000, 16_000, 2);
  for (let n = 0; n < 10; n += 1) incoming.push(samples(160));
  expect(length()).toBe(10 * 320 * 2);
  expect(frames[0]).toMatchObject({ sampleRate: 16_000, channels: 2 });
  const [left, right] = frames[5]?.samples ?? [];
  expect(left).toBe(right);
  incoming.close();
});

it("fills in the silence that a client leaves out, once it is one, and no more than ends any turn", () => {
  const { clock, incoming, length } = rig();
  clock.advance(5_000);
  // Nobody has spoken yet.
  expect(length()).toBe(0);
  incoming.push(samples(8_000));
  // One second of it is heard first.
  clock.advance(1_400);
  expect(length()).toBe(8_000);
  clock.advance(400);
  expect(length()).toBeGreaterThan(8_000 + 8 * 500);
  clock.advance(60_000);
  expect(length()).toBe(8_000 + 8 * 2_000);
  incoming.push(samples(160));
  clock.advance(1_000);
  expect(length()).toBeGreaterThan(8_160 + 8 * 2_000);
  incoming.close();
  expect(clock.pending).toBe(0);
});

it("does not take audio that is a minute ahead of its time, and takes it again later", () => {
  const { clock, incoming, length } = rig();
  for (let n = 0; n < 200; n += 1) incoming.push(samples(8_000));
  const taken = length();
  expect(taken).toBe(8 * (MAX_SOCKET_AUDIO_AHEAD_MS + 1_000));
  expect(incoming.push(samples(8_000))).toBe(false);
  clock.advance(2_000);
  expect(incoming.push(samples(8_000))).toBe(true);
  incoming.close();
});
