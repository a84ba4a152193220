/** What goes over data channels, WebSockets and event streams, by channel and direction: AsyncAPI's description is made of it. */
import * as v from "valibot";
import { ClientHello, ClientMessage, ExtensionMessage, FastRtcMessage } from "../../shared/channel.ts";
import { OutputsMessage } from "../../shared/outputs.ts";
import { ClientResume, Resumed } from "../../shared/resume.ts";
import { PlivoMessage } from "../../shared/telephone/plivo.ts";
import { TelnyxMessage } from "../../shared/telephone/telnyx.ts";
import { TwilioMessage } from "../../shared/telephone/twilio.ts";
import { SocketMessage, SocketReply } from "../../shared/websocket.ts";
import { Failed } from "./replies.ts";

export interface MessageDescription {
  readonly summary: string;
  readonly schema: v.GenericSchema;
  /** Default `application/json`. */
  readonly contentType?: string;
}

export interface ChannelDescription {
  readonly title: string;
  readonly description: string;
  /** Path at the edge; null for a data channel, which has none. */
  readonly address: string | null;
  /** By name: what the other side says, and what the server says. */
  readonly received: Readonly<Record<string, MessageDescription>>;
  readonly sent: Readonly<Record<string, MessageDescription>>;
}

const payload = v.pipe(v.string(), v.description("G.711 in base64."));
const name = v.string();

/** What the server writes on a telephone provider's socket. */
export const TwilioReply = v.variant("event", [
  v.object({ event: v.literal("media"), streamSid: v.string(), media: v.object({ payload }) }),
  v.object({ event: v.literal("mark"), streamSid: v.string(), mark: v.object({ name }) }),
  v.object({ event: v.literal("clear"), streamSid: v.string() }),
]);
export const TelnyxReply = v.variant("event", [
  v.object({ event: v.literal("media"), media: v.object({ payload }) }),
  v.object({ event: v.literal("mark"), mark: v.object({ name }) }),
  v.object({ event: v.literal("clear") }),
]);
export const PlivoReply = v.variant("event", [
  v.object({
    event: v.literal("playAudio"),
    media: v.object({ contentType: v.literal("audio/x-mulaw"), sampleRate: v.literal(8_000), payload }),
  }),
  v.object({ event: v.literal("checkpoint"), streamId: v.string(), name }),
  v.object({ event: v.literal("clearAudio"), streamId: v.string() }),
]);

const TextMessage = v.string();
const AudioMessage = v.pipe(v.string(), v.description("The codec's bytes, and nothing else."));
const OutputEvent = v.pipe(
  v.unknown(),
  v.description("The argument of one AdditionalOutputs, or the list of several; a text as it is."),
);

/** What the server says over a data channel, and in text over a WebSocket as well. */
const CONVERSATION = {
  fastRtcMessage: { summary: "FastRTC's messages, with a space after each colon and comma", schema: FastRtcMessage },
  extensionMessage: {
    summary: "EdgeRTC's own, for a client that said hello (`protocol` over a WebSocket)",
    schema: ExtensionMessage,
  },
  outputsMessage: {
    summary: "Declared outputs whose values are new, for the same clients",
    schema: OutputsMessage,
  },
  text: { summary: "A text that the handler sends as it is", schema: TextMessage, contentType: "text/plain" },
} as const;

const AUDIO = {
  summary: "Audio in a binary message, where the start asked for `binary`",
  schema: AudioMessage,
  contentType: "application/octet-stream",
} as const;

export const CHANNELS: Readonly<Record<string, ChannelDescription>> = {
  dataChannel: {
    title: "Data channel",
    description: "Any label, ordered and reliable. The handler starts when it opens.",
    address: null,
    received: {
      clientHello: { summary: "First, by a client that understands EdgeRTC's own messages", schema: ClientHello },
      clientResume: {
        summary: "In its place, on a connection that takes over from the session's former one",
        schema: ClientResume,
      },
      clientMessage: { summary: "A message of the application's own, for the handler", schema: ClientMessage },
    },
    sent: { ...CONVERSATION, resumed: { summary: "The answer to resume, before anything else", schema: Resumed } },
  },
  webSocket: {
    title: "Audio over a WebSocket",
    description: "Also under each stream's path. `start` is first.",
    address: "/websocket/offer",
    received: { socketMessage: { summary: "Control, audio and texts", schema: SocketMessage }, audio: AUDIO },
    sent: {
      socketReply: { summary: "Audio to play, and answers", schema: SocketReply },
      ...CONVERSATION,
      refusal: { summary: "Why the call is refused; the socket then closes", schema: Failed },
      audio: AUDIO,
    },
  },
  outputs: {
    title: "Additional outputs",
    description: "Server-sent events named `output`, also under each stream's path.",
    address: "/outputs",
    received: {},
    sent: { output: { summary: "The data of one event", schema: OutputEvent } },
  },
  telephone: {
    title: "A telephone call",
    description: "A provider's media socket, also under each stream's path. The `start` tells whose it is.",
    address: "/telephone/handler",
    received: {
      twilioMessage: { summary: "Twilio's Media Streams", schema: TwilioMessage },
      telnyxMessage: { summary: "Telnyx's media streaming", schema: TelnyxMessage },
      plivoMessage: { summary: "Plivo's audio streams", schema: PlivoMessage },
    },
    sent: {
      twilioReply: { summary: "To Twilio", schema: TwilioReply },
      telnyxReply: { summary: "To Telnyx", schema: TelnyxReply },
      plivoReply: { summary: "To Plivo", schema: PlivoReply },
    },
  },
};
