/**
 * Plivo's audio streams, bidirectional (`<Stream bidirectional="true">`), in µ-law.
 * https://www.plivo.com/docs/voice-agents/audio-streaming/concepts/audio-streaming-reference
 */
import * as v from "valibot";
import { type CallMessage, type CallWire, TELEPHONE_RATE } from "./call-message.ts";
import { Counter, Digit, Id, MarkName, numberOf, Payload, Text } from "./fields.ts";

export const PlivoMessage = v.variant("event", [
  v.object({
    event: v.literal("start"),
    start: v.object({
      streamId: Id,
      callId: v.optional(Id),
      mediaFormat: v.object({ encoding: v.literal("audio/x-mulaw"), sampleRate: v.literal(8_000) }),
    }),
    /** `name=value;name=value`: what the instruction's `extraHeaders` had. */
    extra_headers: v.optional(Text),
  }),
  v.object({
    event: v.literal("media"),
    media: v.object({ payload: Payload, track: v.optional(Text), chunk: v.optional(Counter) }),
  }),
  v.object({ event: v.literal("playedStream"), name: MarkName }),
  v.object({ event: v.literal("clearedAudio") }),
  v.object({ event: v.literal("dtmf"), dtmf: v.object({ digit: Digit }) }),
  /** Not in its reference; some of its clients send it before they close. */
  v.object({ event: v.literal("stop") }),
]);

export const plivoWire: CallWire = {
  read(message) {
    const parsed = v.safeParse(PlivoMessage, message);
    return parsed.success ? toCallMessage(parsed.output) : null;
  },
  media: (_, payload) =>
    JSON.stringify({
      event: "playAudio",
      media: { contentType: "audio/x-mulaw", sampleRate: TELEPHONE_RATE, payload },
    }),
  mark: ({ streamId }, name) => JSON.stringify({ event: "checkpoint", streamId, name }),
  clear: ({ streamId }) => JSON.stringify({ event: "clearAudio", streamId }),
};

function toCallMessage(message: v.InferOutput<typeof PlivoMessage>): CallMessage {
  switch (message.event) {
    case "start": {
      const { streamId, callId = null } = message.start;
      const parameters = headersOf(message.extra_headers ?? "");
      const [from, to] = [numberOf(parameters["from"]), numberOf(parameters["to"])];
      return { event: "start", provider: "plivo", streamId, callId, from, to, law: "mulaw", parameters };
    }
    case "media": {
      const { payload, track = "inbound", chunk = null } = message.media;
      return track === "inbound" ? { event: "media", payload, chunk } : { event: "other", name: `media ${track}` };
    }
    case "playedStream":
      return { event: "mark", name: message.name };
    case "clearedAudio":
      return { event: "other", name: "clearedAudio" };
    case "dtmf":
      return { event: "dtmf", digit: message.dtmf.digit };
    case "stop":
      return { event: "stop" };
  }
}

/** Its pages show both separators. */
function headersOf(text: string): Record<string, string> {
  const pairs = text.split(/[;,]/).map((pair) => pair.split("="));
  return Object.fromEntries(
    pairs.flatMap(([name = "", value]) => (name === "" || value === undefined ? [] : [[name.trim(), value.trim()]])),
  );
}
