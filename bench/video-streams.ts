/** The video streams that are measured. */
import { Stream, VideoStreamHandler } from "edgertc";
import { Through } from "../test/fixtures/through.ts";

const many = { concurrencyLimit: 1_000 } as const;
const video = { ...many, modality: "video" } as const;
const BUSY_MS = 50;

/** The picture as it came: decoded, handed over, encoded. */
export const pass = new Stream((frame) => frame, video);

export const flip = new Stream((frame) => frame.flipX(), video);

/** Holds its thread for 50 ms a picture. */
export const busy = new Stream(
  new VideoStreamHandler((frame) => {
    const untilMs = performance.now() + BUSY_MS;
    while (performance.now() < untilMs);
    return frame;
  }),
  video,
);

/** PCM in, the same PCM out: who has a call beside video. */
export const loopback = new Stream(new Through((frame) => frame), { ...many, modality: "audio" });
