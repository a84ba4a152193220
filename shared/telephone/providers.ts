/** Which provider sent a message, and what it says. */
import * as v from "valibot";
import type { CallMessage, CallWire, TelephoneProvider } from "./call-message.ts";
import { plivoWire } from "./plivo.ts";
import { telnyxWire } from "./telnyx.ts";
import { twilioWire } from "./twilio.ts";

export const WIRES: Readonly<Record<TelephoneProvider, CallWire>> = {
  twilio: twilioWire,
  telnyx: telnyxWire,
  plivo: plivoWire,
};

/** An object with an event: what every provider's messages are. */
const AnyMessage = v.looseObject({ event: v.string() });
/** Whose message a `start` is, by where it has the stream's id. */
const TwilioStart = v.looseObject({ event: v.literal("start"), streamSid: v.unknown() });
const TelnyxStart = v.looseObject({ event: v.literal("start"), stream_id: v.unknown() });
const PlivoStart = v.looseObject({
  event: v.literal("start"),
  start: v.looseObject({ streamId: v.unknown() }),
});

export type CallReading =
  | { readonly ok: true; readonly message: CallMessage }
  /** What is wrong with it, as a sentence. */
  | { readonly ok: false; readonly why: string };

/**
 * Reads one message of a call's media socket.
 * @param data what came: text, or bytes where text is expected.
 * @param provider whose call it is, once its `start` has said so; null before.
 */
export function readCallMessage(data: unknown, provider: TelephoneProvider | null): CallReading {
  if (typeof data !== "string") return bad("The message is binary; a provider's messages are JSON text.");
  const json = parseJson(data);
  if (json === undefined) return bad("The message is not JSON.");
  const any = v.safeParse(AnyMessage, json);
  if (!any.success) return bad("The message has no `event`.");
  const { event } = any.output;
  const from = provider ?? providerOf(json);
  if (from === null) {
    // Before `start` nothing else is known to matter; a provider's greeting comes here.
    return event === "start"
      ? bad("The `start` message has no stream id.")
      : { ok: true, message: event === "connected" ? { event } : { event: "other", name: event.slice(0, 40) } };
  }
  const message = WIRES[from].read(json);
  if (message !== null) return { ok: true, message };
  if (KNOWN_EVENTS.includes(event)) return bad(`The \`${event}\` message is not as ${from} documents it.`);
  return { ok: true, message: { event: "other", name: event.slice(0, 40) } };
}

/** Events that every provider has: one that cannot be read is malformed, and not of a later version. */
const KNOWN_EVENTS: readonly string[] = ["start", "media"];

function providerOf(message: unknown): TelephoneProvider | null {
  if (v.is(TwilioStart, message)) return "twilio";
  if (v.is(TelnyxStart, message)) return "telnyx";
  if (v.is(PlivoStart, message)) return "plivo";
  return null;
}

function bad(why: string): CallReading {
  return { ok: false, why };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
