/**
 * `POST /telephone/incoming`, and the same under a stream's path: what a provider asks when a call comes in. The answer is the
 * call's instructions; FastRTC's to the byte where nothing is configured.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { MAX_TELEPHONE_BODY_BYTES } from "../../shared/limits.ts";
import { TelephoneProvider } from "../../shared/telephone/call-message.ts";
import { connectInstruction, refuseInstruction } from "../../shared/telephone/instructions.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { type Env, isOn, streamOf } from "../env.ts";
import { log } from "../log.ts";
import { callObject } from "../objects/call.ts";
import { readBody } from "../offer/read-body.ts";
import { type CallTicketClaims, mintCallTicket } from "../telephone/call-ticket.ts";
import { farewellOf, greetingOf, opennessOf, verifiedSigner } from "../telephone/settings.ts";
import { signerOf } from "../telephone/signature.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

const INCOMING = "/telephone/incoming";
const BUSY = "All lines are busy. Please try again later.";
const CLOSED = "This number is not in service at the moment. Please try again later.";

export async function postIncoming(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const openness = opennessOf(c.env);
  if (openness === "off") return refuse("telephone_off");
  const found = await findStream(c, directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const tooOften = await refuseTooOften(c, c.env.OFFER_LIMITER);
  if (tooOften !== null) return tooOften;
  const body = await readBody(c.req.raw, MAX_TELEPHONE_BODY_BYTES);
  if (body === null) return refuse("body_too_large");
  const provider = await callerOf(c, openness, body);
  if (provider === null) {
    log("warn", "telephone_unsigned", { stream: c.req.param("stream") ?? "", path: new URL(c.req.url).pathname });
    return refuse("telephone_unsigned");
  }
  if (found.kind === "nothing_registered" || found.descriptor.modality === "video") {
    return xml(refuseInstruction(provider, CLOSED));
  }
  // A caller has no token. What a provider signs for is known to be a call of the operator's own number.
  const needsToken = found.descriptor.requireToken === true || isOn(c.env.EDGERTC_REQUIRE_TOKEN);
  if (needsToken && openness === "open") return refuse("token_required");
  if (await isFull(c.env, found.name)) return xml(refuseInstruction(provider, BUSY));
  const ticket = openness === "signed" ? await ticketFor(c, { stream: found.name }) : "";
  const greeting = greetingOf(c.env);
  const farewell = farewellOf(c.env);
  return xml(connectInstruction(provider, { url: `${handlerUrl(c)}${ticket}`, greeting, farewell }));
}

/** Whose request it is; null where it must be signed and is not. Unsigned ones are Twilio's, unless they say otherwise. */
async function callerOf(
  c: Context<EdgeEnv>,
  openness: "open" | "signed",
  body: string,
): Promise<TelephoneProvider | null> {
  const { method, raw } = c.req;
  if (openness === "signed") {
    return await verifiedSigner(c.env, { method, url: new URL(c.req.url), headers: raw.headers, body }, Date.now());
  }
  const named = v.safeParse(TelephoneProvider, c.req.query("provider"));
  return named.success ? named.output : (signerOf(raw.headers) ?? "twilio");
}

/** A caller is told in words where there is no slot. What it says may be over a moment later: the lease decides. */
async function isFull(env: Env, stream: string): Promise<boolean> {
  const { limit, active } = await callObject(() => streamOf(env, stream).status({ v: PROTOCOL_VERSION }));
  return limit !== null && active >= limit;
}

/** FastRTC's: always wss, the host without a port, and the same prefix. */
function handlerUrl(c: Context<EdgeEnv>): string {
  const { hostname, pathname } = new URL(c.req.url);
  return `wss://${hostname}${pathname.slice(0, -INCOMING.length)}/telephone/handler`;
}

async function ticketFor(c: Context<EdgeEnv>, claims: CallTicketClaims): Promise<string> {
  return `/${await mintCallTicket(c.env, claims, Date.now())}`;
}

function xml(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/xml" } });
}
