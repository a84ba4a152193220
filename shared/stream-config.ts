/** A stream as clients see it, `GET /<stream>/config`. What only nodes and the edge need is in descriptor.ts. */
import * as v from "valibot";
import type { InputDeclarations } from "./inputs.ts";
import { MAX_QUEUE_LENGTH, MAX_TICKET_TTL_MS, MIN_TICKET_TTL_MS } from "./limits.ts";
import type { OutputDeclarations } from "./outputs.ts";
import { StreamName } from "./stream-name.ts";
import type { ShownStopWords, StreamUi } from "./stream-ui.ts";

export const Modality = v.picklist(["audio", "video", "audio-video"]);
export type Modality = v.InferOutput<typeof Modality>;

/** From the client's view: `send` sends only, `receive` receives only. */
export const Mode = v.picklist(["send-receive", "send", "receive"]);
export type Mode = v.InferOutput<typeof Mode>;

/** An ICE server as `RTCPeerConnection` takes it. */
export const IceServer = v.object({
  urls: v.union([v.string(), v.array(v.string())]),
  username: v.optional(v.string()),
  credential: v.optional(v.string()),
});

/** The client's `RTCConfiguration`, as far as FastRTC has it. */
export const RtcConfiguration = v.object({
  iceServers: v.optional(v.array(IceServer)),
  iceTransportPolicy: v.optional(v.picklist(["all", "relay"])),
});
export type RtcConfiguration = v.InferOutput<typeof RtcConfiguration>;

/**
 * What only a page shows. The edge has checked it (descriptor.ts), and a call has no use for it: what a call has to load does
 * not check it again, a page does.
 */
const shownAs = <T>() => v.custom<T>((value) => typeof value === "object" && value !== null);

/** Who finds every slot taken may wait for one. */
export const QueueOptions = v.object({
  /** Callers that wait at once; past it they are refused as if there were no queue. */
  maxLength: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_QUEUE_LENGTH)),
  /** A place in line that nobody asks about for this long is given up. */
  ticketTtlMs: v.pipe(v.number(), v.integer(), v.minValue(MIN_TICKET_TTL_MS), v.maxValue(MAX_TICKET_TTL_MS)),
  /** A call that ends at the stream's time limit gets a place at the end of the line, and its state is kept meanwhile. */
  rejoin: v.boolean(),
});
export type QueueOptions = v.InferOutput<typeof QueueOptions>;

export const StreamConfig = v.object({
  name: StreamName,
  modality: Modality,
  mode: Mode,
  /** Sessions at once over all nodes and transports. */
  concurrencyLimit: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Seconds from connected to the end of the call; null is no limit. */
  timeLimit: v.nullable(v.pipe(v.number(), v.gtValue(0))),
  allowExtraTracks: v.boolean(),
  rtcConfiguration: v.nullable(RtcConfiguration),
  /** `getUserMedia` constraints for the page; of `audio-video`, those of each kind. Null is the page's default. */
  trackConstraints: v.nullable(v.record(v.string(), v.unknown())),
  /** For the client's `RTCRtpSender.setParameters`. */
  rtpParams: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
  ui: shownAs<StreamUi>(),
  /** What the handler wants to be told beside the audio, by name, in the order to show. Absent: nothing. */
  inputs: v.optional(shownAs<InputDeclarations>()),
  /** What the page shows of the handler's AdditionalOutputs, by name, in the order to show. Absent: as they are. */
  outputs: v.optional(shownAs<OutputDeclarations>()),
  /** Any of them wakes the handler, again for each turn. Absent: it listens. */
  stopWords: v.optional(shownAs<ShownStopWords>()),
  /** Absent or null: who finds every slot taken is refused. */
  queue: v.optional(v.nullable(QueueOptions)),
  /** Each call needs a join token. Absent: as the edge is configured. */
  requireToken: v.optional(v.boolean()),
  /** Orders builds: the newest build's descriptor wins. Milliseconds since 1970 of the stream file's change. */
  build: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** The edge's own: whether `GET /turn` has ICE servers for a call. */
  turn: v.optional(v.boolean()),
});
export type StreamConfig = v.InferOutput<typeof StreamConfig>;
