/** The streams that are measured: what the examples do, with limits that no benchmark meets. */
import { setTimeout as after } from "node:timers/promises";
import { ReplyOnPause, Stream } from "edgertc";
import { Through } from "../test/fixtures/through.ts";

const many = { modality: "audio", concurrencyLimit: 1_000 } as const;

/** PCM in, the same PCM out. */
export const loopback = new Stream(new Through((frame) => frame), many);

/** The same at the rate of FastRTC's pages: over a WebSocket what comes back is what was sent, to the byte. */
export const socket = new Stream(
  new Through((frame) => frame, { inputSampleRate: 24_000, outputSampleRate: 24_000 }),
  many,
);

/** Says back what it heard, with turn taking as it is by default. */
export const echo = new Stream(
  new ReplyOnPause(async function* ({ audio }) {
    yield audio;
  }),
  many,
);

/** Takes three seconds to answer with three seconds of sound: a fifth of a second of waiting for each fifth of sound. */
export const slow = new Stream(
  new ReplyOnPause(async function* ({ signal }) {
    for (let n = 0; n < 15; n++) {
      await after(200, undefined, { signal });
      yield { sampleRate: 24_000, samples: new Int16Array(4_800).map((_, i) => 8_000 * Math.sin(i / 9)) };
    }
  }),
  many,
);

/** Sounds for twenty seconds, whatever it is asked. */
export const tone = new Stream(
  new ReplyOnPause(async function* () {
    const samples = new Int16Array(4_800).map((_, i) => 8_000 * Math.sin(i / 9));
    for (let n = 0; n < 100; n++) yield { sampleRate: 24_000, samples };
  }),
  many,
);
