/** A stream as data: what a media node registers at the edge, which serves it to clients as stream-config.ts has it. */
import * as v from "valibot";
import { HeaderNames } from "./request-headers.ts";
import { StreamConfig } from "./stream-config.ts";

export { IceServer, Modality, Mode, QueueOptions, RtcConfiguration, StreamConfig, StreamUi } from "./stream-config.ts";

const { turn: _, ...shown } = StreamConfig.entries;

export const StreamDescriptor = v.object({
  ...shown,
  /** Headers of the offer that the handler is given. Absent: none. */
  requestHeaders: v.optional(HeaderNames),
});
export type StreamDescriptor = v.InferOutput<typeof StreamDescriptor>;
