import { describe, expect, it } from "vitest";
import type { AudioEncoder } from "./audio-encoder.ts";
import { Framer } from "./framer.ts";

const encoder = (frameSize: number): AudioEncoder => ({
  frameSize,
  encode: () => new Uint8Array(),
  free: () => undefined,
});
const AT_16_KHZ = encoder(320);
const AT_24_KHZ = encoder(480);

/** Samples that count. */
const audio = (sampleRate: number, from: number, length: number) => ({
  sampleRate,
  samples: Int16Array.from({ length }, (_, index) => from + index),
});

describe("a framer", () => {
  it("cuts audio of any length into frames, in order and without a gap", () => {
    const framer = new Framer();
    const frames = [100, 500, 0, 41, 319].flatMap((length, index, lengths) => {
      const from = lengths.slice(0, index).reduce((sum, before) => sum + before, 0);
      return framer.add(audio(16_000, from, length), AT_16_KHZ, 16_000);
    });
    expect(frames.map(({ samples }) => samples.length)).toEqual([320, 320, 320]);
    expect(frames.flatMap(({ samples }) => [...samples])).toEqual(Array.from({ length: 960 }, (_, index) => index));
    expect(framer.hasRest).toBe(false);
  });

  it("fills the last frame up with silence when it is told that nothing follows", () => {
    const framer = new Framer();
    expect(framer.add(audio(16_000, 1, 2), AT_16_KHZ, 16_000)).toEqual([]);
    expect(framer.hasRest).toBe(true);
    const last = framer.flush();
    expect([last?.samples.length, last?.samples.slice(0, 3)]).toEqual([320, Int16Array.of(1, 2, 0)]);
    expect([framer.hasRest, framer.flush()]).toEqual([false, undefined]);
  });

  it("takes what is left over along when the rate changes, in milliseconds", () => {
    const framer = new Framer();
    framer.add(audio(16_000, 0, 160), AT_16_KHZ, 16_000);
    const frames = framer.add(audio(24_000, 0, 240), AT_24_KHZ, 24_000);
    expect(frames.map(({ samples, encoder: { frameSize } }) => [samples.length, frameSize])).toEqual([[480, 480]]);
    expect(framer.hasRest).toBe(false);
  });

  it("resamples to the encoder's rate, over seams", () => {
    const framer = new Framer();
    const frames = [1, 2, 3].flatMap(() => framer.add(audio(48_000, 0, 320), AT_16_KHZ, 16_000));
    expect(frames).toHaveLength(1);
    expect(framer.hasRest).toBe(false);
  });

  it("knows whose samples are in a frame, and in what is left over", () => {
    const framer = new Framer();
    const heard: string[] = [];
    const watch = (name: string) => ({
      onStart: () => heard.push(name),
      onCut: (share: number) => heard.push(`${name} cut at ${share}`),
    });
    const frames = [
      ...framer.add(audio(16_000, 0, 300), AT_16_KHZ, 16_000, watch("first")),
      ...framer.add(audio(16_000, 0, 40), AT_16_KHZ, 16_000, watch("second")),
    ];
    expect(frames.map(({ shares }) => shares.map(({ samples }) => samples))).toEqual([[300, 20]]);
    for (const { clip, samples } of frames.flatMap(({ shares }) => shares)) clip.send(samples);
    for (const { clip } of framer.restShares) clip.cut();
    expect(heard).toEqual(["first", "second", "second cut at 0.5"]);
  });

  it("begins anew once it is cleared: with nothing left over, nor of what went before in the resampler", () => {
    const framer = new Framer();
    framer.add(audio(48_000, 20_000, 1_000), AT_16_KHZ, 16_000);
    framer.clear();
    expect([framer.hasRest, framer.flush()]).toEqual([false, undefined]);
    const fresh = new Framer().add(audio(48_000, 0, 960), AT_16_KHZ, 16_000);
    expect(framer.add(audio(48_000, 0, 960), AT_16_KHZ, 16_000)).toEqual(fresh);
  });
});
