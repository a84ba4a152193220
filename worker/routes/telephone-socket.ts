/**
 * `WS /telephone/handler`, and the same under a stream's path: a call's media, which goes to the media node as any other WebSocket
 * does. Where the call's instructions had a ticket, it stands behind the path.
 */
import type { Context } from "hono";
import { ERRORS, isErrorCode } from "../../shared/errors.ts";
import { newSessionId, ticketOf } from "../../shared/ids.ts";
import { forgetAtMs, type TokenTimes } from "../../shared/signed-token.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { type Env, isOn } from "../env.ts";
import type { JoinGrant } from "../ledger/types.ts";
import { log, reasonOf } from "../log.ts";
import { isReset } from "../objects/call.ts";
import { placeOf } from "../place.ts";
import { requestFacts } from "../request-facts.ts";
import { type CallTicketClaims, verifyCallTicket } from "../telephone/call-ticket.ts";
import { opennessOf } from "../telephone/settings.ts";
import { connectSocket, type SocketRequest } from "./media-socket.ts";
import { isUpgrade } from "./node-link.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { findStream, type KnownStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

/** What a call begins with. */
export type CallOpening = Pick<CallTicketClaims, "resumes" | "place" | "timeLimitMs"> & { readonly sid: string };

type VerifiedCall = CallTicketClaims & TokenTimes;

export async function getCallSocket(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  if (!isUpgrade(c)) return refuse("websocket_required");
  const openness = opennessOf(c.env);
  if (openness === "off") return refuse("telephone_off");
  const found = await findStream(c, directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const claims = await claimsOf(c, found.name);
  // A provider has few addresses for all of its callers.
  const tooOften = claims === null ? await refuseTooOften(c, c.env.OFFER_LIMITER) : null;
  if (tooOften !== null) return tooOften;
  if (found.kind === "nothing_registered") return refuse("no_media_node");
  if (found.descriptor.modality !== "audio") return refuse("websocket_not_supported");
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
  const request = callRequest(c, found, { ...claims, sid: claims?.sid ?? newSessionId() });
  const connected = await connectSocket(c, claims === null ? request : { ...request, token: grantOf(claims) });
  if (connected.ok) return connected.socket;
  const { error } = connected.body.meta;
  const { status } = isErrorCode(error) ? ERRORS[error] : ERRORS.internal;
  // To a provider anything but an upgrade is a stream that failed: the call goes on with what its instructions have behind it.
  return Response.json(connected.body, { status: status < 400 ? 503 : status });
}

/** What the edge's objects are asked for a call. Its own name comes with its first message; until then it goes by its sid. */
export function callRequest(
  c: Context<EdgeEnv>,
  { name: stream, descriptor }: KnownStream,
  { sid, resumes, place, timeLimitMs }: CallOpening,
): SocketRequest {
  const ticket = place ?? (resumes === undefined ? undefined : ticketOf(resumes));
  return {
    v: PROTOCOL_VERSION,
    sid,
    stream,
    clientId: sid,
    transport: "telephone",
    near: placeOf(c.req.raw.cf),
    request: requestFacts(c.req.raw, descriptor.requestHeaders),
    ...(ticket === undefined ? {} : { ticket }),
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
  };
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
export function needsToken(env: Env, { descriptor }: KnownStream): boolean {
  return descriptor.requireToken === true || isOn(env.EDGERTC_REQUIRE_TOKEN);
}
