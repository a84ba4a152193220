/**
 * What a shard, a session's video process and the thread in it that runs the handler tell each other. Typed arrays travel as
 * such: by structured clone between processes, moved between threads. All three are of one build.
 */
import * as v from "valibot";
import { ClientMessage, ExtensionMessage, FastRtcMessage } from "../../../shared/channel.ts";
import { Mode } from "../../../shared/descriptor.ts";
import { RequestFacts } from "../../../shared/request-facts.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);
const samples = v.custom<Int16Array | Float32Array>(
  (value) => value instanceof Int16Array || value instanceof Float32Array,
);
const values = v.record(v.string(), v.unknown());

const EncodedFrame = v.object({
  codec: v.picklist(["vp8", "h264"]),
  data: bytes,
  keyFrame: v.boolean(),
  timestampUs: v.number(),
});

const AudioFrame = v.object({
  sampleRate: count,
  samples,
  channels: v.optional(v.picklist([1, 2])),
});

// --- to the handler ------------------------------------------------------------------------------------------------

/** What the handler is told about its session, as `HandlerContext` has it. */
export const HostedFacts = v.object({
  sid: v.string(),
  clientId: v.string(),
  stream: v.string(),
  phoneMode: v.boolean(),
  request: RequestFacts,
  inputNames: v.array(v.string()),
  /** Secrets included: a listing of the context's inputs would not have them. */
  inputs: values,
  inputsArrived: v.boolean(),
  state: v.map(v.string(), v.unknown()),
});
export type HostedFacts = v.InferOutput<typeof HostedFacts>;

export const ToHandler = v.variant("kind", [
  v.object({ kind: v.literal("start"), mode: Mode, facts: HostedFacts }),
  v.object({ kind: v.literal("audio"), frame: AudioFrame }),
  v.object({ kind: v.literal("client_message"), message: ClientMessage }),
  v.object({ kind: v.literal("inputs"), values }),
  v.object({ kind: v.literal("requested_inputs"), id: count, values }),
  v.object({ kind: v.literal("trigger_response") }),
  v.object({ kind: v.literal("playback_ended") }),
  /** There is room for one more audio emission. */
  v.object({ kind: v.literal("room") }),
  v.object({ kind: v.literal("stop") }),
]);
export type ToHandler = v.InferOutput<typeof ToHandler>;

/** A picture in I420. Its bytes belong to whoever gets it. */
const Picture = v.object({ data: bytes, width: count, height: count, timestampUs: v.number() });
export type Picture = v.InferOutput<typeof Picture>;

export const ToThread = v.variant("kind", [
  ...ToHandler.options,
  v.object({ kind: v.literal("frame"), picture: Picture }),
  v.object({ kind: v.literal("ping") }),
]);
export type ToThread = v.InferOutput<typeof ToThread>;

export const ToVideoProcess = v.variant("kind", [
  ...ToHandler.options,
  /** What is sent is encoded so. Before the first frame. */
  v.object({ kind: v.literal("codec"), codec: EncodedFrame.entries.codec }),
  v.object({ kind: v.literal("video"), frame: EncodedFrame }),
  v.object({ kind: v.literal("key_frame") }),
  v.object({ kind: v.literal("bitrate"), bitsPerSecond: v.number() }),
]);
export type ToVideoProcess = v.InferOutput<typeof ToVideoProcess>;

// --- from the handler ----------------------------------------------------------------------------------------------

export const FromHandler = v.variant("kind", [
  v.object({ kind: v.literal("audio"), frame: AudioFrame }),
  v.object({ kind: v.literal("outputs"), args: v.array(v.unknown()) }),
  v.object({ kind: v.literal("close"), message: v.string() }),
  v.object({ kind: v.literal("warn"), text: v.string() }),
  v.object({ kind: v.literal("send"), message: FastRtcMessage }),
  v.object({ kind: v.literal("send_text"), text: v.string() }),
  v.object({ kind: v.literal("extend"), message: ExtensionMessage }),
  v.object({ kind: v.literal("clear_queue") }),
  v.object({ kind: v.literal("hold_output") }),
  v.object({ kind: v.literal("resume_output") }),
  v.object({
    kind: v.literal("request_inputs"),
    id: count,
    timeoutMs: v.optional(v.nullable(v.number())),
    keep: v.boolean(),
    ask: v.boolean(),
  }),
  v.object({ kind: v.literal("clear_inputs") }),
  /** For the log. */
  v.object({ kind: v.literal("failed"), what: v.string(), message: v.string(), stack: v.optional(v.string()) }),
  /** The handler has shut down; this is what it kept for the caller. */
  v.object({ kind: v.literal("stopped"), state: v.map(v.string(), v.unknown()) }),
]);
export type FromHandler = v.InferOutput<typeof FromHandler>;

export const FromThread = v.variant("kind", [
  ...FromHandler.options,
  /** The stream file is loaded. */
  v.object({ kind: v.literal("loaded") }),
  v.object({ kind: v.literal("broken"), message: v.string() }),
  /** The handler runs. How it wants its frames. */
  v.object({ kind: v.literal("started"), room: count, everyMs: v.number(), frameTimeoutMs: v.number() }),
  /** The work on the last frame is done, with or without something to show for it. */
  v.object({ kind: v.literal("done"), picture: v.optional(Picture) }),
  /** A picture that answers no frame. */
  v.object({ kind: v.literal("picture"), picture: Picture }),
  v.object({ kind: v.literal("pong") }),
]);
export type FromThread = v.InferOutput<typeof FromThread>;

export const FromVideoProcess = v.variant("kind", [
  ...FromHandler.options,
  /** It can take a session. */
  v.object({ kind: v.literal("ready") }),
  v.object({ kind: v.literal("broken"), message: v.string() }),
  /** The handler runs, for the first time or anew. What it was told before is lost, its start apart. */
  v.object({ kind: v.literal("working") }),
  v.object({ kind: v.literal("video"), frame: EncodedFrame }),
  v.object({ kind: v.literal("key_frame_needed") }),
  /** The handler's thread was ended, because it hung or crashed, and is started anew. `code` is of the error catalogue. */
  v.object({ kind: v.literal("handler_lost"), code: v.picklist(["handler_timeout", "handler_stopped"]) }),
  /** A frame was given up because a newer one came. */
  v.object({ kind: v.literal("dropped") }),
]);
export type FromVideoProcess = v.InferOutput<typeof FromVideoProcess>;

/** Whether it concerns the handler and only passes through the process. */
export function isForHandler(message: ToVideoProcess): message is ToHandler {
  return !["codec", "video", "key_frame", "bitrate"].includes(message.kind);
}
