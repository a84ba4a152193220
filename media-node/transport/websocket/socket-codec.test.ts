import { loadLibopus } from "libopus-wasm";
import { beforeAll, expect, it } from "vitest";
import type { SocketCodec } from "../../../shared/websocket.ts";
import { createSocketDecoder, createSocketEncoder } from "./socket-codec.ts";

beforeAll(() => loadLibopus());

const tone = (rate: number): Int16Array =>
  Int16Array.from({ length: rate / 5 }, (_, index) => 10_000 * Math.sin((2 * Math.PI * 300 * index) / rate));

/** Root mean square of the difference to the nearest delay, in shares of the tone's. */
function worst(said: Int16Array, heard: Int16Array, maxDelay: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let delay = 0; delay <= maxDelay; delay += 1) {
    let sum = 0;
    const from = said.length / 4;
    const to = said.length - maxDelay;
    for (let i = from; i < to; i += 1) sum += ((heard[i + delay] ?? 0) - (said[i] ?? 0)) ** 2;
    least = Math.min(least, Math.sqrt(sum / (to - from)) / (10_000 / Math.SQRT2));
  }
  return least;
}

it.each<[SocketCodec, number, number]>([
  ["mulaw", 24_000, 0.03],
  ["mulaw", 8_000, 0.03],
  ["pcm16", 16_000, 0],
  ["opus", 48_000, 0.1],
])("%s at %i Hz gives back what it was given", async (codec, rate, limit) => {
  const encoder = await createSocketEncoder(codec, rate);
  const decoder = await createSocketDecoder(codec, rate);
  const said = tone(rate);
  const heard: number[] = [];
  expect(encoder.frameSize).toBe(rate / 50);
  for (let start = 0; start < said.length; start += encoder.frameSize)
    heard.push(...decoder.decode(encoder.encode(said.subarray(start, start + encoder.frameSize))));
  expect(worst(said, Int16Array.from(heard), codec === "opus" ? 400 : 0)).toBeLessThanOrEqual(limit);
  encoder.free();
  decoder.free();
});

it("takes bytes that are no audio without failing: they cost their own message", async () => {
  const opus = await createSocketDecoder("opus", 48_000);
  expect(opus.decode(new Uint8Array(2_000).fill(0xff)).length).toBe(960);
  opus.free();
  const pcm = await createSocketDecoder("pcm16", 16_000);
  // The lower byte first; half a sample is none.
  expect([...pcm.decode(new Uint8Array([0x34, 0x12, 0xff, 0xff, 0x01]))]).toEqual([0x1234, -1]);
});
