/** Requests as the telephone providers make and sign them, each in its documented shape. */
import type { TelephoneProvider } from "../../shared/telephone/call-message.ts";

const encoder = new TextEncoder();
const TOKEN = "auth-token-of-the-tests";

export interface Signer {
  /** The Worker's variables with which it knows the provider. */
  readonly variables: Readonly<Record<string, string>>;
  /** A POST of this form to an address. */
  request(url: string, form: Readonly<Record<string, string>>): Promise<Request>;
}

export async function signerFor(provider: TelephoneProvider): Promise<Signer> {
  switch (provider) {
    case "twilio":
      return { variables: { TWILIO_AUTH_TOKEN: TOKEN }, request: twilio };
    case "plivo":
      return { variables: { PLIVO_AUTH_TOKEN: TOKEN }, request: plivo };
    case "telnyx":
      return await telnyx();
  }
}

const sorted = (form: Readonly<Record<string, string>>) => Object.entries(form).sort(([a], [b]) => (a < b ? -1 : 1));

async function twilio(url: string, form: Readonly<Record<string, string>>): Promise<Request> {
  const signature = await hmac("SHA-1", `${url}${sorted(form).flat().join("")}`);
  return post(url, form, { "x-twilio-signature": signature, "user-agent": "TwilioProxy/1.1" });
}

async function plivo(url: string, form: Readonly<Record<string, string>>): Promise<Request> {
  const { origin, pathname, searchParams } = new URL(url);
  const query = [...searchParams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${value}`);
  const signed = `${origin}${pathname}?${query.length === 0 ? "" : `${query.join("&")}.`}${sorted(form).flat().join("")}.nonce`;
  return post(url, form, {
    "x-plivo-signature-v3": await hmac("SHA-256", signed),
    "x-plivo-signature-v3-nonce": "nonce",
  });
}

async function telnyx(): Promise<Signer> {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("not a pair of keys");
  const key = await crypto.subtle.exportKey("raw", pair.publicKey);
  if (!(key instanceof ArrayBuffer)) throw new Error("not a raw key");
  return {
    variables: { TELNYX_PUBLIC_KEY: base64(key) },
    request: async (url, form) => {
      const seconds = String(Math.floor(Date.now() / 1_000));
      const message = encoder.encode(`${seconds}|${new URLSearchParams(form)}`);
      const signature = base64(await crypto.subtle.sign("Ed25519", pair.privateKey, message));
      return post(url, form, { "telnyx-timestamp": seconds, "telnyx-signature-ed25519": signature });
    },
  };
}

function post(url: string, form: Readonly<Record<string, string>>, headers: Record<string, string>): Request {
  return new Request(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  });
}

async function hmac(hash: "SHA-1" | "SHA-256", message: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(TOKEN), { name: "HMAC", hash }, false, ["sign"]);
  return base64(await crypto.subtle.sign("HMAC", key, encoder.encode(message)));
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

/** What each provider's form has of a call that comes in, or of one that is over. */
export function callForm(
  provider: TelephoneProvider,
  callId: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const numbers = { From: "+14155550100", To: "+14155550199", Direction: "inbound", CallStatus: "in-progress" };
  return provider === "plivo"
    ? { CallUUID: callId, ...numbers, From: "14155550100", To: "14155550199", Event: "Redirect", ...more }
    : { CallSid: callId, AccountSid: "AC1", ...numbers, ...more };
}

export function endForm(provider: TelephoneProvider, callId: string, seconds: number): Record<string, string> {
  const lasted = String(seconds);
  switch (provider) {
    case "twilio":
      // Its `Duration` is in minutes begun.
      return callForm(provider, callId, {
        CallStatus: "completed",
        CallDuration: lasted,
        Duration: String(Math.ceil(seconds / 60)),
      });
    case "telnyx":
      return callForm(provider, callId, {
        CallStatus: "completed",
        CallDuration: lasted,
        CallbackSource: "call-progress-events",
        HangupSource: "caller",
      });
    case "plivo":
      return callForm(provider, callId, {
        CallStatus: "completed",
        Duration: lasted,
        BillDuration: "60",
        Event: "Hangup",
        HangupCause: "NORMAL_CLEARING",
      });
  }
}
