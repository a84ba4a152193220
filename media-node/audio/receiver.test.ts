import { describe, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { createSpeechDecoder, createSpeechEncoder } from "./opus.ts";
import { AudioReceiver } from "./receiver.ts";

async function rig(sampleRate = 16_000) {
  const clock = new VirtualClock();
  const encoder = await createSpeechEncoder(48_000);
  let samples = 0;
  let loudest = 0;
  const receiver = new AudioReceiver({
    clock,
    decoder: await createSpeechDecoder(16_000, 1),
    sampleRate,
    onFrame: (frame) => {
      samples += frame.samples.length;
      for (const sample of frame.samples) loudest = Math.max(loudest, Math.abs(sample));
    },
  });
  const tone = new Int16Array(960).map((_, i) => 8_000 * Math.sin(i / 10));
  const push = (n: number, payload: Uint8Array = encoder.encode(tone)): void =>
    receiver.push({ sequenceNumber: n, timestamp: n * 960, payload });
  return { clock, push, receiver, heardMs: () => (samples / sampleRate) * 1_000, loudest: () => loudest };
}

describe("AudioReceiver", () => {
  it("decodes packets into frames of the wanted rate", async () => {
    const { push, receiver, heardMs, loudest } = await rig(11_025);
    for (let n = 0; n < 50; n++) push(n);
    expect(heardMs()).toBeCloseTo(1_000, -1);
    expect(loudest()).toBeGreaterThan(4_000);
    receiver.close();
  });

  it("conceals lost packets, so that the timeline keeps its length", async () => {
    const { clock, push, receiver, heardMs } = await rig();
    for (let n = 0; n < 50; n++) {
      if (n % 10 !== 5) push(n);
      clock.advance(20);
    }
    expect(heardMs()).toBe(1_000);
    receiver.close();
  });

  it("fills in silence the sender left out", async () => {
    const { push, receiver, heardMs } = await rig();
    push(0);
    receiver.push({ sequenceNumber: 1, timestamp: 26 * 960, payload: new Uint8Array([0x78]) });
    expect(heardMs()).toBeGreaterThanOrEqual(500);
    receiver.close();
  });

  it("fills in silence while nothing comes at all, for as long as a turn needs to end, and not twice", async () => {
    const { clock, push, receiver, heardMs } = await rig();
    push(0);
    clock.advance(1_000);
    expect(heardMs()).toBeGreaterThan(800);
    clock.advance(60_000);
    expect(heardMs()).toBeLessThanOrEqual(2_100);
    push(1);
    expect(heardMs()).toBeLessThanOrEqual(2_100);
    receiver.close();
    expect(clock.pending).toBe(0);
  });

  it("takes a packet that is not Opus for a lost one", async () => {
    const { push, receiver, heardMs } = await rig();
    push(0);
    push(1, new Uint8Array([0xff, 0xff, 0xff, 0xff]));
    push(2);
    expect(heardMs()).toBeGreaterThanOrEqual(40);
    receiver.close();
  });
});
