/**
 * Twilio's Media Streams, bidirectional (`<Connect><Stream>`). FastRTC speaks this and nothing else, and what it writes is
 * written here to the byte.
 * https://www.twilio.com/docs/voice/media-streams/websocket-messages
 */
import * as v from "valibot";
import type { CallMessage, CallWire } from "./call-message.ts";
import { Counter, Digit, Id, MarkName, numberOf, Parameters, Payload, Text } from "./fields.ts";

export const TwilioMessage = v.variant("event", [
  v.object({ event: v.literal("connected"), protocol: v.optional(Text), version: v.optional(Text) }),
  v.object({
    event: v.literal("start"),
    /** Needed. FastRTC reads nothing else. */
    streamSid: Id,
    start: v.optional(
      v.object({
        callSid: v.optional(Id),
        customParameters: v.optional(Parameters),
        mediaFormat: v.optional(v.object({ encoding: v.literal("audio/x-mulaw"), sampleRate: v.literal(8_000) })),
      }),
    ),
  }),
  v.object({
    event: v.literal("media"),
    media: v.object({ payload: Payload, track: v.optional(Text), chunk: v.optional(Counter) }),
  }),
  v.object({ event: v.literal("mark"), mark: v.object({ name: MarkName }) }),
  v.object({ event: v.literal("dtmf"), dtmf: v.object({ digit: Digit }) }),
  v.object({ event: v.literal("stop") }),
]);

export const twilioWire: CallWire = {
  read(message) {
    const parsed = v.safeParse(TwilioMessage, message);
    return parsed.success ? toCallMessage(parsed.output) : null;
  },
  media: ({ streamId }, payload) => JSON.stringify({ event: "media", media: { payload }, streamSid: streamId }),
  mark: ({ streamId }, name) => JSON.stringify({ event: "mark", streamSid: streamId, mark: { name } }),
  clear: ({ streamId }) => JSON.stringify({ event: "clear", streamSid: streamId }),
};

function toCallMessage(message: v.InferOutput<typeof TwilioMessage>): CallMessage {
  switch (message.event) {
    case "connected":
    case "stop":
      return { event: message.event };
    case "start": {
      const { callSid = null, customParameters: parameters = {} } = message.start ?? {};
      const [from, to] = [numberOf(parameters["from"]), numberOf(parameters["to"])];
      const { streamSid: streamId } = message;
      return { event: "start", provider: "twilio", streamId, callId: callSid, from, to, law: "mulaw", parameters };
    }
    case "media": {
      const { payload, track = "inbound", chunk = null } = message.media;
      return track === "inbound" ? { event: "media", payload, chunk } : { event: "other", name: `media ${track}` };
    }
    case "mark":
      return { event: "mark", name: message.mark.name };
    case "dtmf":
      return { event: "dtmf", digit: message.dtmf.digit };
  }
}
