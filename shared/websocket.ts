/**
 * Messages of the audio WebSocket, `/websocket/offer`: FastRTC's, and what EdgeRTC adds for clients that ask for it in their
 * `start`. Only a media node reads them; the edge hands them on unread.
 */
import * as v from "valibot";
import { ClientId } from "./ids.ts";

/** µ-law (G.711, FastRTC's and the default), 16 bit PCM with the lower byte first, or Opus, one packet of 20 ms a message. */
export const SocketCodec = v.picklist(["mulaw", "pcm16", "opus"]);
export type SocketCodec = v.InferOutput<typeof SocketCodec>;

/** Samples per second that a client may ask for. Opus has these only; the others can be resampled to any of them. */
export const SocketRate = v.picklist([8_000, 12_000, 16_000, 24_000, 48_000]);

/** The fields beside FastRTC's that make a `start` one of ours: any of them is answered with {@link Started}. */
const Extension = {
  /** Speaks the messages of shared/channel.ts beyond FastRTC's: what `hello` is on a data channel. */
  protocol: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Default `mulaw`. */
  codec: v.optional(SocketCodec),
  /** Both ways. Default: what the handler takes, and what it emits, as in FastRTC. 48000 for Opus. */
  sample_rate: v.optional(SocketRate),
  /** Audio in binary messages, nothing but the codec's bytes, both ways. Default false: base64 in JSON. */
  binary: v.optional(v.boolean()),
};

export const SocketMessage = v.variant("event", [
  v.object({ event: v.literal("start"), websocket_id: ClientId, ...Extension }),
  v.object({ event: v.literal("media"), media: v.object({ payload: v.string() }) }),
  v.object({ event: v.literal("ping") }),
  v.object({ event: v.literal("stop") }),
  /** EdgeRTC's: a text for the handler, as on a data channel. */
  v.object({ event: v.literal("message"), text: v.string() }),
]);
export type SocketMessage = v.InferOutput<typeof SocketMessage>;
export type StartMessage = Extract<SocketMessage, { event: "start" }>;

/** Any message has an event. Those not known are ignored, as in FastRTC. */
export const AnySocketMessage = v.looseObject({ event: v.string() });

const rate = v.pipe(v.number(), v.integer(), v.minValue(1));

/** EdgeRTC's, in answer to a `start` that asks for more than FastRTC has: what the audio is from here on. */
export const Started = v.object({
  event: v.literal("started"),
  sid: v.string(),
  codec: SocketCodec,
  binary: v.boolean(),
  /** Samples per second of what the client sends, and of what it gets. */
  input_rate: rate,
  output_rate: rate,
});
export type Started = v.InferOutput<typeof Started>;

/** What the server says beside the messages of shared/channel.ts. In JSON without spaces. */
export const SocketReply = v.variant("event", [
  v.object({ event: v.literal("media"), media: v.object({ payload: v.string() }) }),
  v.object({ event: v.literal("pong") }),
  /** EdgeRTC's: drop what you have received and not played yet. */
  v.object({ event: v.literal("clear") }),
  Started,
]);
export type SocketReply = v.InferOutput<typeof SocketReply>;

/** True for a `start` that asks for anything that FastRTC's does not have. */
export function isExtended(start: StartMessage): boolean {
  return Object.keys(Extension).some((field) => Object.hasOwn(start, field));
}

export { SOCKET_PING_INTERVAL_MS } from "./limits.ts";
