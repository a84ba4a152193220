/** A stream as data: what a media node registers at the edge, which serves it to clients as stream-config.ts has it. */
import * as v from "valibot";
import { InputDeclarations } from "./inputs.ts";
import { OutputDeclarations } from "./outputs.ts";
import { HeaderNames } from "./request-headers.ts";
import { StreamConfig } from "./stream-config.ts";
import { ShownStopWords, StreamUi } from "./stream-ui.ts";

export { IceServer, Modality, Mode, QueueOptions, RtcConfiguration, StreamConfig } from "./stream-config.ts";
export { StreamUi } from "./stream-ui.ts";

/** Of a stream, what only its page shows. */
export const ShownConfig = v.object({
  ui: StreamUi,
  inputs: v.optional(InputDeclarations),
  outputs: v.optional(OutputDeclarations),
  stopWords: v.optional(ShownStopWords),
});
export type ShownConfig = v.InferOutput<typeof ShownConfig>;

const { turn: _, ...shown } = StreamConfig.entries;

export const StreamDescriptor = v.object({
  ...shown,
  ...ShownConfig.entries,
  /** Headers of the offer that the handler is given. Absent: none. */
  requestHeaders: v.optional(HeaderNames),
});
export type StreamDescriptor = v.InferOutput<typeof StreamDescriptor>;
