/**
 * Telephone calls, at the root and under a stream's path. `POST /telephone/incoming`: what a provider asks when a call comes in; the
 * answer is the call's instructions, FastRTC's to the byte where nothing is configured. `WS /telephone/handler`: the call's media,
 * which goes to the media node as any other WebSocket does.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { ERRORS, isErrorCode } from "../../shared/errors.ts";
import { newSessionId, ticketOf } from "../../shared/ids.ts";
import { MAX_TELEPHONE_BODY_BYTES } from "../../shared/limits.ts";
import { forgetAtMs, type TokenTimes } from "../../shared/signed-token.ts";
import { TelephoneProvider } from "../../shared/telephone/call-message.ts";
import { connectInstruction, refuseInstruction } from "../../shared/telephone/instructions.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { type Env, isOn, streamOf } from "../env.ts";
import type { JoinGrant } from "../ledger/types.ts";
import { log, reasonOf } from "../log.ts";
import { callObject, isReset } from "../objects/call.ts";
import { readBody } from "../offer/read-body.ts";
import { placeOf } from "../place.ts";
import { requestFacts } from "../request-facts.ts";
import { type CallTicketClaims, mintCallTicket, verifyCallTicket } from "../telephone/call-ticket.ts";
import { goesOn, type ResumeQuery, resumeQuery, resumeUrl } from "../telephone/resume.ts";
import { farewellOf, greetingOf, opennessOf, resumesCalls, verifiedSigner } from "../telephone/settings.ts";
import { signerOf } from "../telephone/signature.ts";
import { connectSocket } from "./media-socket.ts";
import { isUpgrade } from "./node-link.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { findStream, type KnownStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

type VerifiedCall = CallTicketClaims & TokenTimes;

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
  if (found.kind === "nothing_registered" || found.descriptor.modality !== "audio") {
    return xml(refuseInstruction(provider, CLOSED));
  }
  if (openness === "open" && needsToken(c.env, found)) return refuse("token_required");
  const greeting = greetingOf(c.env);
  const farewell = farewellOf(c.env);
  const before = resumeQuery(c.req.query());
  if (before !== null && !(await continues(c.env, found.name, before))) {
    return xml(refuseInstruction(provider, farewell));
  }
  if (await isFull(c.env, found.name)) return xml(refuseInstruction(provider, BUSY));
  const resumable = resumesCalls(c.env);
  const sid = newSessionId();
  const claims: CallTicketClaims = {
    stream: found.name,
    ...(resumable ? { sid } : {}),
    ...(before === null ? {} : { resumes: before.after }),
  };
  const ticket = openness === "signed" || resumable ? await ticketFor(c, claims) : "";
  const instruction = {
    url: `${handlerUrl(c)}${ticket}`,
    // Who has been greeted is not greeted again.
    greeting: before === null ? greeting : "",
    farewell,
    ...(resumable ? { resumeUrl: resumeUrl(publicUrl(c), sid, before) } : {}),
  };
  return xml(connectInstruction(provider, instruction));
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

/** Whether a call whose media has ended goes on. */
async function continues(env: Env, stream: string, before: ResumeQuery): Promise<boolean> {
  const request = { v: PROTOCOL_VERSION, sid: before.after };
  return await goesOn(before, () => callObject(() => streamOf(env, stream).endOf(request)));
}

/** `WS /telephone/handler`, with the ticket of the call's instructions behind it where those had one. */
export async function getCallSocket(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  if (!isUpgrade(c)) return refuse("websocket_required");
  const openness = opennessOf(c.env);
  if (openness === "off") return refuse("telephone_off");
  const found = await findStream(c, directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const tooOften = await refuseTooOften(c, c.env.OFFER_LIMITER);
  if (tooOften !== null) return tooOften;
  if (found.kind === "nothing_registered") return refuse("no_media_node");
  if (found.descriptor.modality !== "audio") return refuse("websocket_not_supported");
  const claims = await claimsOf(c, found.name);
  if (claims === null && openness === "signed") return refuse("telephone_ticket_invalid");
  if (claims === null && needsToken(c.env, found)) return refuse("token_required");
  try {
    return await connectCall(c, found, claims);
  } catch (error) {
    if (!isReset(error)) throw error;
    log("warn", "edge_restarting", { stream: found.name, reason: reasonOf(error) });
    return refuse("edge_restarting");
  }
}

async function connectCall(c: Context<EdgeEnv>, found: KnownStream, claims: VerifiedCall | null): Promise<Response> {
  // The call's own name comes with its first message; until then the session goes by its sid.
  const sid = claims?.sid ?? newSessionId();
  const connected = await connectSocket(c, {
    v: PROTOCOL_VERSION,
    sid,
    stream: found.name,
    clientId: sid,
    transport: "telephone",
    near: placeOf(c.req.raw.cf),
    request: requestFacts(c.req.raw, found.descriptor.requestHeaders),
    ...(claims === null ? {} : { token: grantOf(claims) }),
    ...(claims?.resumes === undefined ? {} : { ticket: ticketOf(claims.resumes) }),
  });
  if (connected.ok) return connected.socket;
  const { error } = connected.body.meta;
  const { status } = isErrorCode(error) ? ERRORS[error] : ERRORS.internal;
  // To a provider anything but an upgrade is a stream that failed: the call goes on with what its instructions have behind it.
  return Response.json(connected.body, { status: status < 400 ? 503 : status });
}

/** Of the ticket in the path; null where there is none, or none that is good for this stream now. */
async function claimsOf(c: Context<EdgeEnv>, stream: string): Promise<VerifiedCall | null> {
  const ticket = c.req.param("ticket");
  if (ticket === undefined) return null;
  const verified = await verifyCallTicket(c.env, ticket, Date.now());
  return verified.ok && verified.claims.stream === stream ? verified.claims : null;
}

/** A ticket is good for one session: the ledger remembers it with the lease. Its place in line would be its own, too. */
function grantOf(claims: VerifiedCall): JoinGrant {
  return { id: claims.jti, forgetAtMs: forgetAtMs(claims), ticket: `q_${claims.jti.replaceAll("-", "")}` };
}

/** A caller has no token. What a provider signs for is known to be a call of the operator's own number. */
function needsToken(env: Env, { descriptor }: KnownStream): boolean {
  return descriptor.requireToken === true || isOn(env.EDGERTC_REQUIRE_TOKEN);
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

/** This request's address, as the provider reaches it. */
function publicUrl(c: Context<EdgeEnv>): URL {
  const url = new URL(c.req.url);
  // A proxy that ends TLS makes https http; a developer's machine has a port.
  if (url.port === "") url.protocol = "https:";
  return url;
}

async function ticketFor(c: Context<EdgeEnv>, claims: CallTicketClaims): Promise<string> {
  return `/${await mintCallTicket(c.env, claims, Date.now())}`;
}

function xml(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/xml" } });
}
