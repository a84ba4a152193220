/** One request to a provider's API: bounded in time and size, its failures in words, its secrets kept out of them. */
import * as v from "valibot";
import { readBody } from "./offer/read-body.ts";

/** Long enough for a slow day of a provider. */
export const PROVIDER_TIMEOUT_MS = 5_000;
/** Their replies are a few kilobytes. */
const MAX_REPLY_BYTES = 64 * 1024;
/** Characters of a provider's own words that are passed on. */
const MAX_CAUSE_CHARS = 200;

/** As much of `fetch` as is used, so that tests can bring their own. */
export type ProviderFetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ProviderCall {
  readonly provider: string;
  readonly url: string;
  readonly init: RequestInit;
  /** Never to appear in an error. */
  readonly secrets: readonly string[];
  /** Default: the platform's. */
  readonly fetch?: ProviderFetch | undefined;
}

/** `refused`: to repeat it is useless. `detail` is a sentence for people. */
export type ProviderReply =
  | { readonly ok: true /** Undefined where the reply is none. */; readonly json: unknown }
  | { readonly ok: false; readonly fault: "refused" | "unavailable"; readonly detail: string };

export async function askProvider(call: ProviderCall): Promise<ProviderReply> {
  const reply = await exchange(call);
  if (typeof reply === "string") return { ok: false, fault: "unavailable", detail: reply };
  const { status, text } = reply;
  const json = parseJson(text);
  if (status >= 200 && status < 300) return { ok: true, json };
  const cause = redact(causeOf(json) ?? text, call.secrets);
  const detail = `${call.provider} answered ${status}${cause === "" ? "" : `: ${cause}`}.`.replace(/\.\.$/, ".");
  return { ok: false, fault: isFinal(status) ? "refused" : "unavailable", detail };
}

/** @returns a sentence where there is no reply. */
async function exchange(call: ProviderCall): Promise<{ readonly status: number; readonly text: string } | string> {
  const { provider, url, init, secrets, fetch: send = (to, how) => fetch(to, how) } = call;
  try {
    const signal = AbortSignal.timeout(PROVIDER_TIMEOUT_MS);
    // A redirect would take the secret elsewhere.
    const response = await send(url, { ...init, redirect: "manual", signal });
    const text = await readBody(response, MAX_REPLY_BYTES);
    return text === null
      ? `${provider} answered more than ${MAX_REPLY_BYTES} bytes.`
      : { status: response.status, text };
  } catch (cause) {
    if (cause instanceof Error && cause.name === "TimeoutError") {
      return `${provider} did not answer within ${PROVIDER_TIMEOUT_MS} ms.`;
    }
    const reason = redact(cause instanceof Error ? cause.message : String(cause), secrets);
    return `${provider} cannot be reached: ${reason}`;
  }
}

/** Client errors stay what they are; too many requests, a time-out and the server's own faults pass. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status);
}

const words = v.pipe(v.string(), v.minLength(1));
/** Where providers put their words: Twilio in `message`, Cloudflare in `errors`, FastAPI services in `detail`, Plivo in `error`. */
const Cause = v.union([
  v.pipe(
    v.object({ message: words, code: v.optional(v.number()) }),
    v.transform(({ message, code }) => (code === undefined ? message : `${message} (${code})`)),
  ),
  v.pipe(
    v.object({ errors: v.tupleWithRest([v.object({ message: words })], v.unknown()) }),
    v.transform(({ errors: [{ message }] }) => message),
  ),
  v.pipe(
    v.object({ detail: words }),
    v.transform(({ detail }) => detail),
  ),
  v.pipe(
    v.object({ error: words }),
    v.transform(({ error }) => error),
  ),
]);

function causeOf(json: unknown): string | undefined {
  const parsed = v.safeParse(Cause, json);
  return parsed.success ? parsed.output : undefined;
}

/** One line, cut to size, secrets and control characters taken out. */
function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret !== "") clean = clean.replaceAll(secret, "[redacted]");
  clean = clean.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return clean.length > MAX_CAUSE_CHARS ? `${clean.slice(0, MAX_CAUSE_CHARS)}…` : clean;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
