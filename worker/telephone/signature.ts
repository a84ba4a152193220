/** Whether a request is the telephone provider's own: its signatures, checked with the account's secret or public key. */
import type { TelephoneProvider } from "../../shared/telephone/call-message.ts";

/** A request as it was signed. */
export interface SignedRequest {
  readonly method: string;
  /** As it arrived. What a proxy did to its scheme and port is allowed for. */
  readonly url: URL;
  readonly headers: Headers;
  /** The body, a form as a rule; empty where there is none. */
  readonly body: string;
}

/** A timestamp of Telnyx older or newer than this is somebody's recording. */
const MAX_AGE_MS = 300_000;

/** Which provider's signature a request carries; null where it has none. */
export function signerOf(headers: Headers): TelephoneProvider | null {
  if (headers.has("x-twilio-signature")) return "twilio";
  if (headers.has("telnyx-signature-ed25519")) return "telnyx";
  if (headers.has("x-plivo-signature-v3")) return "plivo";
  return null;
}

/**
 * HMAC-SHA1 of the URL and the form's fields, sorted, names and values strung together.
 * https://www.twilio.com/docs/usage/security#validating-requests
 */
export async function isTwilios(request: SignedRequest, authToken: string): Promise<boolean> {
  const signature = fromBase64(request.headers.get("x-twilio-signature") ?? "");
  if (signature === null) return false;
  const fields = fieldsOf(request);
  const sorted = [...new Set(fields.map(([name]) => name))].sort();
  const strung = sorted.flatMap((name) => valuesOf(fields, name).map((value) => `${name}${value}`)).join("");
  const key = await hmacKey(authToken, "SHA-1");
  return await any(urlsOf(request), (url) => verifyHmac(key, signature, `${url}${strung}`));
}

/**
 * HMAC-SHA256 of the URL with its query sorted, the form's fields, sorted, and a nonce. The header may have several, while a
 * token is being replaced.
 * https://docs.plivo.com/docs/voice/xml/request/validation
 */
export async function isPlivos(request: SignedRequest, authToken: string): Promise<boolean> {
  const nonce = request.headers.get("x-plivo-signature-v3-nonce") ?? "";
  const signatures = (request.headers.get("x-plivo-signature-v3") ?? "").split(",").map((part) => fromBase64(part));
  if (nonce === "" || nonce.length > 256 || signatures.length > 8) return false;
  const fields = fieldsOf(request);
  const key = await hmacKey(authToken, "SHA-256");
  return await any(urlsOf(request), (url) => {
    const message = `${plivoBase(url, request.method, fields)}.${nonce}`;
    return any(signatures, async (signature) => signature !== null && (await verifyHmac(key, signature, message)));
  });
}

/**
 * Ed25519 over `timestamp|body`. The public key is the account's, in base64.
 * https://developers.telnyx.com/docs/messaging/messages/webhooks#signature-verification
 */
export async function isTelnyxs(request: SignedRequest, publicKey: string, nowMs: number): Promise<boolean> {
  const timestamp = request.headers.get("telnyx-timestamp") ?? "";
  const signature = fromBase64(request.headers.get("telnyx-signature-ed25519") ?? "");
  const raw = fromBase64(publicKey);
  if (!/^\d{1,12}$/.test(timestamp) || signature?.length !== 64 || raw?.length !== 32) return false;
  if (Math.abs(nowMs - Number(timestamp) * 1_000) > MAX_AGE_MS) return false;
  const key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
  return await crypto.subtle.verify("Ed25519", key, signature, encoder.encode(`${timestamp}|${request.body}`));
}

const encoder = new TextEncoder();

/**
 * The URL as the provider may have written it: a proxy that ends TLS makes https http, and standard ports come and go. An
 * upgrade's URL is wss to the provider and https here.
 */
function urlsOf({ url, headers }: SignedRequest): string[] {
  const isUpgrade = headers.get("upgrade")?.toLowerCase() === "websocket";
  const schemes = isUpgrade ? ["wss", "ws"] : ["https", "http"];
  const rest = `${url.pathname}${url.search}`;
  const hosts = [url.host, ...(url.port === "" ? [] : [url.hostname])];
  const urls = schemes.flatMap((scheme) => {
    const port = scheme === "https" || scheme === "wss" ? 443 : 80;
    return [...hosts, `${url.hostname}:${port}`].map((host) => `${scheme}://${host}${rest}`);
  });
  // Twilio signs an upgrade's URL with a slash at its end, whether it has one or not.
  return isUpgrade ? [...urls, ...urls.map((one) => `${one}/`)] : urls;
}

function fieldsOf({ method, headers, body }: SignedRequest): [string, string][] {
  const isForm = /^application\/x-www-form-urlencoded/i.test(headers.get("content-type") ?? "");
  return method === "POST" && isForm ? [...new URLSearchParams(body)] : [];
}

/** A name's values, each once, sorted: a field may be there more than once. */
function valuesOf(fields: readonly (readonly [string, string])[], name: string): string[] {
  return [...new Set(fields.filter(([own]) => own === name).map(([, value]) => value))].sort();
}

function plivoBase(url: string, method: string, fields: readonly (readonly [string, string])[]): string {
  const { protocol, host, pathname, searchParams } = new URL(url);
  const query = sortedPairs([...searchParams], "=").join("&");
  const base = `${protocol}//${host}${pathname}`;
  if (method !== "POST") return query === "" ? base : `${base}?${query}`;
  if (fields.length === 0) return query === "" ? base : `${base}?${query}`;
  return `${base}?${query === "" ? "" : `${query}.`}${sortedPairs(fields, "").join("")}`;
}

function sortedPairs(pairs: readonly (readonly [string, string])[], between: string): string[] {
  return [...pairs]
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map(([name, value]) => `${name}${between}${value}`);
}

/** By code units, as every language sorts by default. */
function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

async function hmacKey(secret: string, hash: "SHA-1" | "SHA-256"): Promise<CryptoKey> {
  return await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash }, false, ["verify"]);
}

/** Compares in a time that tells nothing. */
async function verifyHmac(key: CryptoKey, signature: Uint8Array, message: string): Promise<boolean> {
  return await crypto.subtle.verify("HMAC", key, signature, encoder.encode(message));
}

async function any<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (await test(item)) return true;
  return false;
}

/** @returns null for what is no base64, or longer than any signature. */
function fromBase64(text: string): Uint8Array | null {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > 128 || !/^[A-Za-z0-9+/]+={0,2}$/.test(trimmed)) return null;
  try {
    return Uint8Array.from(atob(trimmed), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
