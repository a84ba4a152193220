/**
 * `POST /telephone/incoming`, and the same under a stream's path: what a provider asks when a call comes in. The answer is the
 * call's instructions, FastRTC's to the byte where nothing is configured. They lead to telephone-socket.ts, or to a node.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { newSessionId } from "../../shared/ids.ts";
import { MAX_TELEPHONE_BODY_BYTES } from "../../shared/limits.ts";
import { TelephoneProvider } from "../../shared/telephone/call-message.ts";
import { connectInstruction, refuseInstruction } from "../../shared/telephone/instructions.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { type Env, streamOf } from "../env.ts";
import { log } from "../log.ts";
import { callObject, isOlder, isReset } from "../objects/call.ts";
import { readBody } from "../offer/read-body.ts";
import { type CallTicketClaims, mintCallTicket } from "../telephone/call-ticket.ts";
import { goesOn, type ResumeQuery, resumeQuery, resumeUrl } from "../telephone/resume.ts";
import {
  farewellOf,
  greetingOf,
  mediaAtNode,
  opennessOf,
  resumesCalls,
  verifiedSigner,
} from "../telephone/settings.ts";
import { signerOf } from "../telephone/signature.ts";
import { admitSocket, giveUp, type SocketRequest } from "./media-socket.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import { callRequest, needsToken } from "./telephone-socket.ts";
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
  const resumable = resumesCalls(c.env);
  const sid = newSessionId();
  const instruction = {
    // Who has been greeted is not greeted again.
    greeting: before === null ? greeting : "",
    farewell,
    ...(resumable ? { resumeUrl: resumeUrl(publicUrl(c), sid, before) } : {}),
    // Unsigned ones stay FastRTC's, and say nothing that can be relied on.
    ...(openness === "signed" ? { parameters: numbersIn(body) } : {}),
  };
  if (mediaAtNode(c.env)) {
    const place = await placeCall(c, callRequest(c, found, { sid, resumes: before?.after }));
    if ("sentence" in place) return xml(refuseInstruction(provider, place.sentence));
    return xml(connectInstruction(provider, { ...instruction, ...place }));
  }
  if (await isFull(c.env, found.name)) return xml(refuseInstruction(provider, BUSY));
  const claims: CallTicketClaims = {
    stream: found.name,
    ...(resumable ? { sid } : {}),
    ...(before === null ? {} : { resumes: before.after }),
  };
  const ticket = openness === "signed" || resumable ? await ticketFor(c, claims) : "";
  return xml(connectInstruction(provider, { ...instruction, url: `${handlerUrl(c)}${ticket}` }));
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
  return await goesOn(before, async () => {
    try {
      return await callObject(() => streamOf(env, stream).endOf(request));
    } catch (error) {
      // An object that is being replaced, or of the release before: nothing is known.
      if (isReset(error) || isOlder(error)) return null;
      throw error;
    }
  });
}

/** Gives the call its slot now, for its instructions to lead straight to the node that has it. */
async function placeCall(
  c: Context<EdgeEnv>,
  request: SocketRequest,
): Promise<{ readonly url: string } | { readonly sentence: string }> {
  const admitted = await admitSocket(c, request);
  if (!admitted.ok) return { sentence: admitted.body.meta.error === "concurrency_limit_reached" ? BUSY : CLOSED };
  const { socketUrl: url } = admitted;
  if (url?.startsWith("wss://")) return { url };
  log("error", "node_without_address", { stream: request.stream, sid: request.sid });
  c.executionCtx.waitUntil(giveUp(c, request));
  return { sentence: CLOSED };
}

/** Who calls whom, for the handler to know: in all three providers' words. Without the plus, which Plivo does not take. */
function numbersIn(form: string): Record<string, string> {
  const fields = new URLSearchParams(form);
  const digits = (name: string): string => (fields.get(name) ?? "").replace(/^\+/, "");
  const numbers = { from: digits("From"), to: digits("To") };
  return Object.fromEntries(Object.entries(numbers).filter(([, number]) => /^[A-Za-z0-9]{1,64}$/.test(number)));
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
