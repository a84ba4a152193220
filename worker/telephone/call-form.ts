/** What a provider's requests say of a call, in a form: the same for all three but for two names. */
import * as v from "valibot";
import { numberOf } from "../../shared/telephone/fields.ts";

const text = v.optional(v.pipe(v.string(), v.maxLength(512)));
/** What cannot be read is not known: the call is over all the same. */
const seconds = v.optional(
  v.fallback(v.pipe(v.string(), v.regex(/^\d{1,9}(?:\.\d{1,9})?$/), v.transform(Number)), Number.NaN),
);

const Form = v.object({
  /** Twilio's and Telnyx's name of the call. */
  CallSid: text,
  /** Plivo's. */
  CallUUID: text,
  From: text,
  CallStatus: text,
  /** The keys that were pressed. */
  Digits: text,
  CallDuration: seconds,
  /** Plivo's seconds. Twilio's minutes. */
  Duration: seconds,
});

export interface CallForm {
  readonly callId: string;
  /** The caller's number; empty where it is withheld. */
  readonly caller: string;
  readonly digits: string;
  /** In small letters. */
  readonly status: string;
  /** Of a call that is over. */
  readonly lastedSeconds: number | null;
}

/** @returns null for what is no provider's request about a call. */
export function readCallForm(body: string): CallForm | null {
  const parsed = v.safeParse(Form, Object.fromEntries(new URLSearchParams(body)));
  if (!parsed.success) return null;
  const { CallSid, CallUUID, From, CallStatus = "", Digits: digits = "", CallDuration, Duration } = parsed.output;
  const callId = CallSid ?? CallUUID ?? "";
  if (callId === "" || callId.length > 256) return null;
  const lasted = CallDuration ?? (CallSid === undefined ? Duration : undefined) ?? Number.NaN;
  const lastedSeconds = Number.isNaN(lasted) ? null : lasted;
  return { callId, caller: numberOf(From) ?? "", digits, status: CallStatus.toLowerCase(), lastedSeconds };
}

/** What a call's status is when it is over, in all three providers' words. */
export const FINAL_STATUSES: readonly string[] = [
  "completed",
  "busy",
  "failed",
  "no-answer",
  "canceled",
  "cancel",
  "timeout",
];
