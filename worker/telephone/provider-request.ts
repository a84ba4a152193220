/** A telephone provider's request: taken where calls are, counted, read, and known to be the provider's own. */
import type { Context } from "hono";
import * as v from "valibot";
import { MAX_TELEPHONE_BODY_BYTES } from "../../shared/limits.ts";
import { TelephoneProvider } from "../../shared/telephone/call-message.ts";
import { log } from "../log.ts";
import { readBody } from "../offer/read-body.ts";
import { refuseTooOften } from "../routes/rate-limit.ts";
import { refuse } from "../routes/reply.ts";
import type { EdgeEnv } from "../routes/types.ts";
import { type Openness, opennessOf, verifiedSigner } from "./settings.ts";
import { signerOf } from "./signature.ts";

export interface ProviderRequest {
  readonly provider: TelephoneProvider;
  readonly openness: Exclude<Openness, "off">;
  /** A form, as it came. */
  readonly body: string;
}

/**
 * @param limiter counts requests that nobody signed. A provider's own come from few addresses, for all of its callers.
 * @returns the refusal, or the request.
 */
export async function readProviderRequest(
  c: Context<EdgeEnv>,
  limiter: RateLimit | undefined,
): Promise<ProviderRequest | Response> {
  const openness = opennessOf(c.env);
  if (openness === "off") return refuse("telephone_off");
  const body = await readBody(c.req.raw, MAX_TELEPHONE_BODY_BYTES);
  if (body === null) return refuse("body_too_large");
  const signed = openness === "signed" ? await signerIn(c, body) : null;
  if (signed !== null) return { provider: signed, openness, body };
  const tooOften = await refuseTooOften(c, limiter);
  if (tooOften !== null) return tooOften;
  if (openness === "open") return { provider: presumedIn(c), openness, body };
  log("warn", "telephone_unsigned", { stream: c.req.param("stream") ?? "", path: new URL(c.req.url).pathname });
  return refuse("telephone_unsigned");
}

/** Who signed it; null where nobody did whose secret is known. */
function signerIn(c: Context<EdgeEnv>, body: string): Promise<TelephoneProvider | null> {
  const { method, raw } = c.req;
  return verifiedSigner(c.env, { method, url: new URL(c.req.url), headers: raw.headers, body }, Date.now());
}

/** Whose an unsigned one is: Twilio's, unless it says otherwise. */
function presumedIn(c: Context<EdgeEnv>): TelephoneProvider {
  const named = v.safeParse(TelephoneProvider, c.req.query("provider"));
  return named.success ? named.output : (signerOf(c.req.raw.headers) ?? "twilio");
}

/** This request's address, as the provider reaches it. */
export function publicUrl(c: Context<EdgeEnv>): URL {
  const url = new URL(c.req.url);
  // A proxy that ends TLS makes https http; a developer's machine has a port.
  if (url.port === "") url.protocol = "https:";
  return url;
}

/** An address of this edge that the same provider is sent to next. One that is not known by its signature is named in it. */
export function nextUrl(c: Context<EdgeEnv>, pathname: string, query: Readonly<Record<string, string>> = {}): string {
  const here = publicUrl(c);
  const url = new URL(pathname, here);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const provider = here.searchParams.get("provider");
  if (provider !== null) url.searchParams.set("provider", provider);
  return url.href;
}

/** Call instructions, as an answer. */
export function xml(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/xml" } });
}
