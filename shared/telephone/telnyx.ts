/**
 * Telnyx's media streaming, bidirectional with RTP payloads (`<Connect><Stream bidirectionalMode="rtp">`). It does not promise
 * the order of its media messages.
 * https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket
 */
import * as v from "valibot";
import type { CallMessage, CallWire, G711Law } from "./call-message.ts";
import { Counter, Digit, Id, MarkName, Parameters, Payload, Text } from "./fields.ts";

const Encoding = v.picklist(["PCMU", "PCMA"]);
const LAWS: Readonly<Record<v.InferOutput<typeof Encoding>, G711Law>> = { PCMU: "mulaw", PCMA: "alaw" };

export const TelnyxMessage = v.variant("event", [
  v.object({ event: v.literal("connected"), version: v.optional(Text) }),
  v.object({
    event: v.literal("start"),
    stream_id: Id,
    start: v.object({
      /** Names the call in both of its interfaces: as `call_control_id`, and as TeXML's CallSid. Long. */
      call_control_id: v.optional(Text),
      from: v.optional(Text),
      to: v.optional(Text),
      custom_parameters: v.optional(Parameters),
      media_format: v.object({ encoding: Encoding, sample_rate: v.literal(8_000), channels: v.optional(v.literal(1)) }),
    }),
  }),
  v.object({
    event: v.literal("media"),
    media: v.object({ payload: Payload, track: v.optional(Text), chunk: v.optional(Counter) }),
  }),
  v.object({ event: v.literal("mark"), mark: v.object({ name: MarkName }) }),
  v.object({ event: v.literal("dtmf"), dtmf: v.object({ digit: Digit }) }),
  v.object({
    event: v.literal("error"),
    payload: v.object({
      code: v.optional(v.union([v.number(), Text])),
      title: v.optional(Text),
      detail: v.optional(Text),
    }),
  }),
  v.object({ event: v.literal("stop") }),
]);

export const telnyxWire: CallWire = {
  read(message) {
    const parsed = v.safeParse(TelnyxMessage, message);
    return parsed.success ? toCallMessage(parsed.output) : null;
  },
  media: (_, payload) => JSON.stringify({ event: "media", media: { payload } }),
  mark: (_, name) => JSON.stringify({ event: "mark", mark: { name } }),
  clear: () => JSON.stringify({ event: "clear" }),
};

function toCallMessage(message: v.InferOutput<typeof TelnyxMessage>): CallMessage {
  switch (message.event) {
    case "connected":
    case "stop":
      return { event: message.event };
    case "start": {
      const {
        call_control_id: callId = null,
        from = null,
        to = null,
        custom_parameters: parameters = {},
      } = message.start;
      const law = LAWS[message.start.media_format.encoding];
      return { event: "start", provider: "telnyx", streamId: message.stream_id, callId, from, to, law, parameters };
    }
    case "media": {
      const { payload, track = "inbound", chunk = null } = message.media;
      return track === "inbound" ? { event: "media", payload, chunk } : { event: "other", name: `media ${track}` };
    }
    case "mark":
      return { event: "mark", name: message.mark.name };
    case "dtmf":
      return { event: "dtmf", digit: message.dtmf.digit };
    case "error": {
      const { code, title, detail } = message.payload;
      return { event: "fault", what: [code, title, detail].filter((part) => part !== undefined).join(" ") };
    }
  }
}
