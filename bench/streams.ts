/** The streams that are measured: what the examples do, with limits that no benchmark meets. */
import { ReplyOnPause, Stream } from "edgertc";
import { Through } from "../test/fixtures/through.ts";

const many = { modality: "audio", concurrencyLimit: 1_000 } as const;

/** PCM in, the same PCM out. */
export const loopback = new Stream(new Through((frame) => frame), many);

/** Says back what it heard, with turn taking as it is by default. */
export const echo = new Stream(
  new ReplyOnPause(async function* ({ audio }) {
    yield audio;
  }),
  many,
);
