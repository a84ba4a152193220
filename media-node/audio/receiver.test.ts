import { Application, createEncoder } from "libopus-wasm";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import type { AudioFrame } from "./frame.ts";
import { createSpeechDecoder, createSpeechEncoder, opusRateFor } from "./opus.ts";
import { AudioReceiver } from "./receiver.ts";

function loudestOf(samples: AudioFrame["samples"], channel: number, channels: number): number {
  let most = 0;
  for (let i = channel; i < samples.length; i += channels) most = Math.max(most, Math.abs(samples[i] ?? 0));
  return most;
}

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

  it.each([
    [48_000, 1],
    [24_000, 1],
    [16_000, 1],
    [8_000, 1],
    [44_100, 1],
    [48_000, 2],
    [44_100, 2],
  ] as const)(
    "row 42: gives int16 frames of 20 ms at %d Hz in %d channels, whatever the packets' length",
    async (sampleRate, channels) => {
      const decoder = await createSpeechDecoder(opusRateFor(sampleRate), channels);
      const frames: AudioFrame[] = [];
      const receiver = new AudioReceiver({
        clock: new VirtualClock(),
        decoder,
        sampleRate,
        onFrame: (frame) => frames.push(frame),
      });
      const encoder = await createEncoder({ sampleRate: 48_000, channels: 2, application: Application.Audio });
      let timestamp = 0;
      // Left is a tone, right is silent.
      for (const [sequenceNumber, packetMs] of [20, 40, 60, 20, 60, 40, 20, 40].entries()) {
        const length = 48 * packetMs;
        const pcm = new Int16Array(2 * length).map((_, i) =>
          i % 2 === 0 ? 8_000 * Math.sin(((timestamp + i / 2) * 2 * Math.PI * 440) / 48_000) : 0,
        );
        const payload = encoder.encode(pcm, { frameSize: length });
        receiver.push({ sequenceNumber, timestamp, payload });
        timestamp += length;
      }
      receiver.close();
      encoder.free();
      expect(frames).toHaveLength(300 / 20);
      for (const frame of frames) {
        expect(frame.samples).toBeInstanceOf(Int16Array);
        expect(frame).toMatchObject({ sampleRate, channels });
        expect(frame.samples).toHaveLength((sampleRate / 50) * channels);
      }
      const heard = frames
        .slice(5)
        .map(({ samples }) => [loudestOf(samples, 0, channels), loudestOf(samples, 1, channels)]);
      for (const [left = 0, right = 0] of heard) {
        expect(left).toBeGreaterThan(channels === 2 ? 6_000 : 3_000);
        if (channels === 2) expect(right).toBeLessThan(left / 8);
      }
    },
  );

  it("row 42: hears a sender that changes its rate in mid-stream, both ways", async () => {
    const { push, receiver, heardMs } = await rig(24_000);
    const pcm = (rate: number) => new Int16Array(rate / 50).map((_, i) => 8_000 * Math.sin((2_760 * i) / rate));
    let n = 0;
    for (const rate of [48_000, 8_000, 24_000, 48_000] as const) {
      const encoder = await createSpeechEncoder(rate);
      for (let i = 0; i < 10; i++) push(n++, encoder.encode(pcm(rate)));
      encoder.free();
    }
    expect(heardMs()).toBe(800);
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
