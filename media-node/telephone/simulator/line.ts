/**
 * A provider's side of a call's media socket: what Twilio, Telnyx and Plivo send, and what they take. The opposite of
 * shared/telephone, written from the same documentation, so that one finds the other's mistakes.
 */
import * as v from "valibot";
import { TELEPHONE_RATE, type TelephoneProvider } from "../../../shared/telephone/call-message.ts";

/** What a call is to its provider. */
export interface LineFacts {
  readonly streamId: string;
  readonly callId: string;
  readonly accountId: string;
  readonly from: string;
  readonly to: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What the other side may ask of a provider. */
export type Order =
  | { readonly order: "play"; readonly payload: string }
  | { readonly order: "mark"; readonly name: string }
  | { readonly order: "clear" };

export interface Line {
  /** Sent as the socket opens, before any media. */
  greet(facts: LineFacts): string[];
  /** @param payload µ-law in base64. @param chunk counts from 1. */
  media(facts: LineFacts, payload: string, chunk: number): string;
  digit(facts: LineFacts, digit: string): string;
  /** What was sent before the mark has been played. */
  played(facts: LineFacts, name: string): string;
  /** Absent: the provider says nothing when it has cleared. */
  cleared?(facts: LineFacts): string;
  /** Absent: the provider just closes. */
  stop?(facts: LineFacts): string;
  /** @returns null for what the provider would refuse. */
  order(facts: LineFacts, message: unknown): Order | null;
}

const Base64 = v.pipe(v.string(), v.minLength(1), v.regex(/^[A-Za-z0-9+/]+={0,2}$/));
const Mark = v.strictObject({ name: v.pipe(v.string(), v.minLength(1)) });

const TwilioOrder = v.variant("event", [
  v.strictObject({ event: v.literal("media"), media: v.strictObject({ payload: Base64 }), streamSid: v.string() }),
  v.strictObject({ event: v.literal("mark"), streamSid: v.string(), mark: Mark }),
  v.strictObject({ event: v.literal("clear"), streamSid: v.string() }),
]);

const twilio: Line = {
  greet: ({ streamId, callId, accountId, parameters }) => [
    json({ event: "connected", protocol: "Call", version: "1.0.0" }),
    json({
      event: "start",
      sequenceNumber: "1",
      start: {
        accountSid: accountId,
        streamSid: streamId,
        callSid: callId,
        tracks: ["inbound"],
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: TELEPHONE_RATE, channels: 1 },
        customParameters: parameters,
      },
      streamSid: streamId,
    }),
  ],
  media: ({ streamId }, payload, chunk) =>
    json({
      event: "media",
      sequenceNumber: String(chunk + 1),
      media: { track: "inbound", chunk: String(chunk), timestamp: String((chunk - 1) * 20), payload },
      streamSid: streamId,
    }),
  digit: ({ streamId }, digit) => json({ event: "dtmf", streamSid: streamId, dtmf: { track: "inbound_track", digit } }),
  played: ({ streamId }, name) => json({ event: "mark", streamSid: streamId, mark: { name } }),
  stop: ({ streamId, accountId, callId }) =>
    json({ event: "stop", stop: { accountSid: accountId, callSid: callId }, streamSid: streamId }),
  order: ({ streamId }, message) => {
    const parsed = v.safeParse(TwilioOrder, message);
    if (!parsed.success || parsed.output.streamSid !== streamId) return null;
    return orderOf(parsed.output);
  },
};

const TelnyxOrder = v.variant("event", [
  v.strictObject({ event: v.literal("media"), media: v.strictObject({ payload: Base64 }) }),
  v.strictObject({ event: v.literal("mark"), mark: Mark }),
  v.strictObject({ event: v.literal("clear") }),
]);

const telnyx: Line = {
  greet: ({ streamId, callId, accountId, from, to, parameters }) => [
    json({ event: "connected", version: "1.0.0" }),
    json({
      event: "start",
      sequence_number: "1",
      stream_id: streamId,
      start: {
        user_id: accountId,
        call_control_id: callId,
        from,
        to,
        custom_parameters: parameters,
        media_format: { encoding: "PCMU", sample_rate: TELEPHONE_RATE, channels: 1 },
      },
    }),
  ],
  media: ({ streamId }, payload, chunk) =>
    json({
      event: "media",
      sequence_number: String(chunk + 1),
      media: { track: "inbound", chunk: String(chunk), timestamp: String((chunk - 1) * 20), payload },
      stream_id: streamId,
    }),
  digit: ({ streamId }, digit) => json({ event: "dtmf", stream_id: streamId, dtmf: { digit } }),
  played: ({ streamId }, name) => json({ event: "mark", stream_id: streamId, mark: { name } }),
  stop: ({ streamId, accountId, callId }) =>
    json({ event: "stop", stop: { user_id: accountId, call_control_id: callId }, stream_id: streamId }),
  order: (_, message) => {
    const parsed = v.safeParse(TelnyxOrder, message);
    return parsed.success ? orderOf(parsed.output) : null;
  },
};

const PlivoOrder = v.variant("event", [
  v.strictObject({
    event: v.literal("playAudio"),
    media: v.strictObject({
      contentType: v.literal("audio/x-mulaw"),
      sampleRate: v.literal(TELEPHONE_RATE),
      payload: Base64,
    }),
  }),
  v.strictObject({ event: v.literal("checkpoint"), streamId: v.string(), name: v.pipe(v.string(), v.minLength(1)) }),
  v.strictObject({ event: v.literal("clearAudio"), streamId: v.string() }),
]);

const plivo: Line = {
  greet: ({ streamId, callId, accountId, parameters }) => [
    json({
      event: "start",
      sequenceNumber: 1,
      start: {
        callId,
        streamId,
        accountId,
        tracks: ["inbound"],
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: TELEPHONE_RATE },
      },
      extra_headers: Object.entries(parameters)
        .map(([name, value]) => `${name}=${value}`)
        .join(";"),
    }),
  ],
  media: ({ streamId }, payload, chunk) =>
    json({ event: "media", sequenceNumber: chunk + 1, streamId, media: { track: "inbound", chunk, payload } }),
  digit: ({ streamId }, digit) => json({ event: "dtmf", streamId, dtmf: { track: "inbound", digit } }),
  played: ({ streamId }, name) => json({ event: "playedStream", streamId, name }),
  cleared: ({ streamId }) => json({ event: "clearedAudio", streamId }),
  order: ({ streamId }, message) => {
    const parsed = v.safeParse(PlivoOrder, message);
    if (!parsed.success) return null;
    const order = parsed.output;
    if (order.event === "playAudio") return { order: "play", payload: order.media.payload };
    if (order.streamId !== streamId) return null;
    return order.event === "checkpoint" ? { order: "mark", name: order.name } : { order: "clear" };
  },
};

export const LINES: Readonly<Record<TelephoneProvider, Line>> = { twilio, telnyx, plivo };

function orderOf(message: v.InferOutput<typeof TelnyxOrder> | v.InferOutput<typeof TwilioOrder>): Order {
  switch (message.event) {
    case "media":
      return { order: "play", payload: message.media.payload };
    case "mark":
      return { order: "mark", name: message.mark.name };
    case "clear":
      return { order: "clear" };
  }
}

function json(message: object): string {
  return JSON.stringify(message);
}
