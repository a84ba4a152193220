/**
 * `POST /telephone/incoming`, and the same under a stream's path: what a provider asks when a call comes in. The answer is the
 * call's instructions, FastRTC's to the byte where nothing is configured. They lead to telephone-socket.ts, or to a node.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { newSessionId, Ticket } from "../../shared/ids.ts";
import { connectInstruction, refuseInstruction, waitInstruction } from "../../shared/telephone/instructions.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { type Env, gatewayOf, streamOf } from "../env.ts";
import type { Queued } from "../ledger/types.ts";
import { log } from "../log.ts";
import { callObject, isOlder, isReset } from "../objects/call.ts";
import { readCallForm } from "../telephone/call-form.ts";
import { mintCallTicket } from "../telephone/call-ticket.ts";
import { askPlace, type LineQuery, lineQuery, placeAfter, standInLine, waitingOf } from "../telephone/line.ts";
import { nextUrl, type ProviderRequest, publicUrl, readProviderRequest, xml } from "../telephone/provider-request.ts";
import { type AfterMedia, afterMedia, type ResumeQuery, resumed, resumeQuery } from "../telephone/resume.ts";
import { farewellOf, greetingOf, mediaAtNode, resumesCalls } from "../telephone/settings.ts";
import { admitSocket, giveUp } from "./media-socket.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { findStream, type KnownStream } from "./stream-name.ts";
import { type CallOpening, callRequest, needsToken } from "./telephone-socket.ts";
import type { EdgeEnv } from "./types.ts";

const INCOMING = "/telephone/incoming";
const BUSY = "All lines are busy. Please try again later.";
const CLOSED = "This number is not in service at the moment. Please try again later.";
const TIME_UP = "There are no minutes left for this call. Goodbye.";

export async function postIncoming(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const found = await findStream(c, directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const waits = lineQuery(c.req.query());
  // Who waits in line comes again and again.
  const request = await readProviderRequest(c, waits === null ? c.env.OFFER_LIMITER : c.env.REQUEST_LIMITER);
  if (request instanceof Response) return request;
  const { provider, openness } = request;
  if (found.kind === "nothing_registered" || found.descriptor.modality !== "audio") {
    return xml(refuseInstruction(provider, CLOSED));
  }
  if (openness === "open" && needsToken(c.env, found)) return refuse("token_required");
  const before = resumeQuery(c.req.query());
  if (before === null) return await connectOrWait(c, found, request, { before, waits });
  switch (await becomesOf(c.env, found, before)) {
    case "goes_on":
      return await connectOrWait(c, found, request, { before, waits });
    case "in_line":
      return await connectOrWait(c, found, request, { before: null, waits: placeAfter(before.after) });
    case "over":
      return xml(refuseInstruction(provider, farewellOf(c.env)));
  }
}

async function connectOrWait(
  c: Context<EdgeEnv>,
  found: KnownStream,
  request: ProviderRequest,
  { before, waits }: { readonly before: ResumeQuery | null; readonly waits: LineQuery | null },
): Promise<Response> {
  const { env } = c;
  const { provider, openness, body } = request;
  const atNode = mediaAtNode(env);
  const sid = newSessionId();
  let line = waits === null ? null : await askPlace(env, found.name, waits);
  // The place was lost, or made up. Whoever asks is still there: it gets another, as a caller who is new.
  if (line === null && waits !== null && openness === "open") {
    const tooOften = await refuseTooOften(c, env.OFFER_LIMITER);
    if (tooOften !== null) return tooOften;
  }
  line ??= await standInLine(env, found, { sid, placed: atNode });
  if (line.at === "busy") return xml(refuseInstruction(provider, BUSY));
  const hadSession = before !== null || waits?.timeUp === true;
  if (line.at === "wait") return await haveWait(c, found, request, { queued: line.queued, before, waits, hadSession });
  const metered = isMetered(c);
  const timeLimitMs = metered ? await minutesOf(env, body, found.name, sid) : undefined;
  if (timeLimitMs === null) return xml(refuseInstruction(provider, TIME_UP));
  const opening: CallOpening = { sid, resumes: before?.after, place: line.place, timeLimitMs };
  const comesBack = resumesCalls(env) || rejoins(found);
  const instruction = {
    // Who has been spoken to is not greeted again; and a slot that is held is not held for long.
    greeting: before === null && waits === null ? greetingOf(env) : "",
    farewell: farewellOf(env),
    ...(comesBack ? { resumeUrl: here(c, metered, resumed(sid, before)) } : {}),
    // Unsigned ones stay FastRTC's, and say nothing that can be relied on.
    ...(openness === "signed" ? { parameters: numbersIn(body) } : {}),
  };
  if (atNode) {
    const place = await placeCall(c, found, opening);
    if ("queued" in place) return await haveWait(c, found, request, { ...place, before, waits, hadSession: true });
    if ("sentence" in place) return xml(refuseInstruction(provider, place.sentence));
    return xml(connectInstruction(provider, { ...instruction, ...place }));
  }
  const needsTicket = openness === "signed" || comesBack || metered || line.place !== undefined;
  // Its session has its id from here where somebody comes back for it.
  const claims = { ...opening, stream: found.name, sid: comesBack || metered ? sid : undefined };
  const ticket = needsTicket ? `/${await mintCallTicket(env, claims, Date.now())}` : "";
  return xml(connectInstruction(provider, { ...instruction, url: `${handlerUrl(c)}${ticket}` }));
}

interface InLine {
  readonly queued: Queued;
  readonly before: ResumeQuery | null;
  readonly waits: LineQuery | null;
  /** Whether the gateway has been told of a session, which is over, or will not begin. */
  readonly hadSession: boolean;
}

/** In line: its provider comes back. */
async function haveWait(
  c: Context<EdgeEnv>,
  { name }: KnownStream,
  { provider, body }: ProviderRequest,
  { queued, before, waits, hadSession }: InLine,
): Promise<Response> {
  if (isMetered(c) && hadSession && (await minutesOf(c.env, body, name, null)) === null) {
    return xml(refuseInstruction(provider, TIME_UP));
  }
  const { sentence, seconds, query } = waitingOf(queued, waits);
  const again = before === null ? query : { ...query, after: before.after, resumes: String(before.resumes) };
  return xml(waitInstruction(provider, { sentence, seconds, url: here(c, isMetered(c), again) }));
}

/** This very address, for the provider to come back to. */
function here(c: Context<EdgeEnv>, metered: boolean, query: Readonly<Record<string, string>>): string {
  return nextUrl(c, publicUrl(c).pathname, { ...query, ...(metered ? { gateway: "1" } : {}) });
}

/** Whether the call came through the gateway, which counts its minutes. */
function isMetered(c: Context<EdgeEnv>): boolean {
  return c.req.query("gateway") === "1";
}

/** What the gateway has for a call, in milliseconds; null where it has no right to any. @param sid null while it waits for one. */
async function minutesOf(env: Env, body: string, stream: string, sid: string | null): Promise<number | null> {
  const callId = readCallForm(body)?.callId;
  if (callId === undefined) return null;
  const request = { v: PROTOCOL_VERSION, callId, stream, sid };
  return await callObject(async () => (await gatewayOf(env)?.session(request)) ?? null);
}

/** What becomes of a call whose media has ended. */
async function becomesOf(env: Env, found: KnownStream, before: ResumeQuery): Promise<AfterMedia> {
  const request = { v: PROTOCOL_VERSION, sid: before.after };
  return await afterMedia(before, { resumes: resumesCalls(env), rejoins: rejoins(found) }, async () => {
    try {
      return await callObject(() => streamOf(env, found.name).endOf(request));
    } catch (error) {
      // An object that is being replaced, or of the release before: nothing is known.
      if (isReset(error) || isOlder(error)) return null;
      throw error;
    }
  });
}

/** Whether a caller whose time is up is in line again. */
function rejoins({ descriptor }: KnownStream): boolean {
  return descriptor.queue?.rejoin === true;
}

/** Gives the call its slot now, for its instructions to lead straight to the node that has it. */
async function placeCall(
  c: Context<EdgeEnv>,
  found: KnownStream,
  opening: CallOpening,
): Promise<{ readonly url: string } | { readonly queued: Queued } | { readonly sentence: string }> {
  const request = callRequest(c, found, opening);
  const admitted = await admitSocket(c, request);
  if (!admitted.ok) {
    const queued = v.safeParse(PlaceGiven, admitted.body.meta);
    if (queued.success) return { queued: queued.output };
    return { sentence: admitted.body.meta.error === "concurrency_limit_reached" ? BUSY : CLOSED };
  }
  const { socketUrl: url } = admitted;
  if (url?.startsWith("wss://")) return { url };
  log("error", "node_without_address", { stream: request.stream, sid: request.sid });
  c.executionCtx.waitUntil(giveUp(c, request));
  return { sentence: CLOSED };
}

/** A refusal with a place in line. */
const PlaceGiven = v.object({
  ticket: Ticket,
  position: v.number(),
  estimatedWaitMs: v.nullable(v.number()),
  retryAfterMs: v.number(),
});

/** Who calls whom, for the handler to know: in all three providers' words. Without the plus, which Plivo does not take. */
function numbersIn(form: string): Record<string, string> {
  const fields = new URLSearchParams(form);
  const digits = (name: string): string => (fields.get(name) ?? "").replace(/^\+/, "");
  const numbers = { from: digits("From"), to: digits("To") };
  return Object.fromEntries(Object.entries(numbers).filter(([, number]) => /^[A-Za-z0-9]{1,64}$/.test(number)));
}

/** FastRTC's: always wss, the host without a port, and the same prefix. */
function handlerUrl(c: Context<EdgeEnv>): string {
  const { hostname, pathname } = new URL(c.req.url);
  return `wss://${hostname}${pathname.slice(0, -INCOMING.length)}/telephone/handler`;
}
