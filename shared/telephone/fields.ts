/** Fields that the messages of all providers have in some form. */
import * as v from "valibot";
import { MAX_CLIENT_ID_CHARS } from "../limits.ts";

/** Names and values of a call instruction, and of a start message's `custom parameters`, at most. */
const MAX_PARAMETERS = 32;

export const Id = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_CLIENT_ID_CHARS));
export const Text = v.pipe(v.string(), v.maxLength(512));
export const MarkName = v.pipe(v.string(), v.maxLength(128));
export const Digit = v.pipe(v.string(), v.regex(/^[0-9*#A-D]$/));

/** Base64, checked when it is decoded: every frame of a call has one. */
export const Payload = v.string();

/** Counters come as numbers from some and as texts from others. */
export const Counter = v.union([
  v.pipe(v.number(), v.integer(), v.minValue(0)),
  v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number)),
]);

export const Parameters = v.pipe(
  v.record(v.pipe(v.string(), v.maxLength(128)), Text),
  v.check((parameters) => Object.keys(parameters).length <= MAX_PARAMETERS),
);

/** A number of the call instruction's, which has no plus there, in E.164; anything else, a SIP name for one, as it is. */
export function numberOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  return /^[1-9]\d{5,14}$/.test(text) ? `+${text}` : text;
}
