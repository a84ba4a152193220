/**
 * `POST /webrtc/offer`, and the same under a stream's path: offers and trickled candidates, FastRTC's replies; and EdgeRTC's own
 * `restart`, with which a client goes on after its network has changed.
 *
 * Business refusals are HTTP 200, as FastRTC's are, because Gradio's client cannot read others; what is wrong with the
 * request itself has the catalogue's status.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { checkCandidate } from "../../shared/candidate.ts";
import {
  ERRORS,
  type ErrorCode,
  type FailedBody,
  failedBody,
  fastRtcRefusal,
  isErrorCode,
} from "../../shared/errors.ts";
import { newSessionId, SessionId, Ticket } from "../../shared/ids.ts";
import { MAX_OFFER_BODY_BYTES } from "../../shared/limits.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { recordOffer } from "../analytics.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { isStrict, sessionOf } from "../env.ts";
import { log, reasonOf } from "../log.ts";
import { callObject, isReset } from "../objects/call.ts";
import { isJson, type OfferBody, parseOfferBody } from "../offer/body.ts";
import { readBody } from "../offer/read-body.ts";
import { checkSdp } from "../offer/sdp.ts";
import { placeOf } from "../place.ts";
import { requestFacts } from "../request-facts.ts";
import { type SecretOf, sessionSecret } from "../session-secret.ts";
import { checkJoin } from "./join.ts";
import { accessTo, SESSION_SECRET_FIELD } from "./own-session.ts";
import { retryAfter } from "./queue.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { findStream, type KnownStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

type OfferContext = Context<EdgeEnv>;

/** Faults of the offer itself, or of EdgeRTC: these keep their own HTTP status. */
const OWN_STATUS: readonly ErrorCode[] = [
  "invalid_sdp",
  "unsupported_track_kind",
  "no_common_codec",
  "token_used",
  "internal",
];

const TYPES: readonly string[] = ["offer", "ice-candidate", "restart"];

export async function postOffer(c: OfferContext, directory: DirectoryCache): Promise<Response> {
  const found = await findStream(c, directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const text = await readBody(c.req.raw, MAX_OFFER_BODY_BYTES);
  if (text === null) return refuse("body_too_large");
  const parsed = parseOfferBody(text, isJson(c.req.header("content-type")));
  if (!parsed.ok) return c.json({ detail: parsed.detail }, 422);
  const { body } = parsed;
  const limiter = body.type === "offer" ? c.env.OFFER_LIMITER : c.env.REQUEST_LIMITER;
  const tooOften = await refuseTooOften(c, limiter);
  if (tooOften !== null) return tooOften;
  if (!TYPES.includes(body.type)) return refuse("invalid_offer_type");
  if (found.kind === "nothing_registered") {
    return c.json(body.type === "offer" ? failedBody("no_media_node") : fastRtcRefusal("unknown_connection"));
  }
  try {
    if (body.type === "offer") return await offer(c, found, body);
    return body.type === "restart" ? await restart(c, found.name, body) : await candidate(c, found.name, body);
  } catch (error) {
    if (!isReset(error)) throw error;
    log("warn", "edge_restarting", { stream: found.name, reason: reasonOf(error) });
    return c.json(failedBody("edge_restarting"));
  }
}

async function offer(c: OfferContext, found: KnownStream, body: OfferBody): Promise<Response> {
  const joining = await checkJoin(c, found, body);
  if (!joining.ok) return joining.refusal;
  const { name: stream } = found;
  const check = checkSdp(body.sdp);
  if (!check.ok) return refuse("invalid_sdp", check.why);
  // Minted here, so that the same offer can be repeated when the session's object is reset under it.
  const sid = newSessionId();
  const ticket = v.is(Ticket, body.ticket) ? body.ticket : undefined;
  const near = placeOf(c.req.raw.cf);
  const request = {
    v: PROTOCOL_VERSION,
    sid,
    stream,
    clientId: body.webrtc_id,
    sdp: check.sdp,
    ticket,
    near,
    request: requestFacts(c.req.raw, found.descriptor.requestHeaders),
    ...joining.join,
  };
  const startMs = Date.now();
  const result = await callObject(() => sessionOf(c.env, stream, body.webrtc_id).offer(request));
  const outcome = result.ok ? "answered" : result.body.meta.error;
  recordOffer(c.env, { stream, outcome, tookMs: Date.now() - startMs, cf: c.req.raw.cf });
  if (!result.ok) log("info", "offer_refused", { stream, sid, code: outcome });
  if (result.ok) return c.json({ sdp: result.sdp, type: "answer", ...(await secretFor(c, request)) });
  return Response.json(result.body, { status: offerStatus(result.body), headers: retryAfter(result.body.meta) });
}

/** FastRTC's answer to the byte, unless the edge is strict. */
async function secretFor({ env }: OfferContext, session: SecretOf): Promise<object> {
  return isStrict(env) ? { [SESSION_SECRET_FIELD]: await sessionSecret(env, session) } : {};
}

async function candidate(c: OfferContext, stream: string, body: OfferBody): Promise<Response> {
  const request = { v: PROTOCOL_VERSION, stream, clientId: body.webrtc_id, check: checkCandidate(body.candidate) };
  const result = await callObject(() => sessionOf(c.env, stream, body.webrtc_id).candidate(request));
  return c.json(result.ok ? { status: "success" } : result.body);
}

/** The session's id is what shows that it is the client's own: its node has told it to nobody else. */
async function restart(c: OfferContext, stream: string, body: OfferBody): Promise<Response> {
  const check = checkSdp(body.sdp);
  if (!check.ok) return refuse("invalid_sdp", check.why);
  const { webrtc_id: clientId, sid } = body;
  const access = await accessTo(c, { stream, clientId }, body.session_secret ?? undefined);
  if (!access.ok) return access.refusal;
  if (!v.is(SessionId, sid) || (access.sid ?? sid) !== sid) return c.json(fastRtcRefusal("unknown_connection"));
  const action = { kind: "restart", sdp: check.sdp } as const;
  const request = { v: PROTOCOL_VERSION, stream, clientId, sid, requestId: crypto.randomUUID(), action };
  const result = await callObject(() => sessionOf(c.env, stream, clientId).control(request));
  if (result.ok) return c.json(result.sdp === undefined ? failedBody("internal") : { sdp: result.sdp, type: "answer" });
  const { error, message } = result;
  return c.json(error === "unknown_connection" ? fastRtcRefusal(error) : failedBody(error, message));
}

function offerStatus({ meta: { error } }: FailedBody): number {
  return isErrorCode(error) && OWN_STATUS.includes(error) ? ERRORS[error].status : 200;
}
