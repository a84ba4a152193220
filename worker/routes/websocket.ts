/**
 * `WS /websocket/offer`, and the same under a stream's path: admission first, then the socket goes to the media node, and
 * nothing of it is read here. A node that clients can reach is fetched with its one-use ticket and the socket handed through;
 * for any other the session's object passes the messages on.
 *
 * FastRTC names a session in its first message only. Until the node reports that, the session's client id is its `sid`; a
 * client may as well say it in the query, as `websocket_id`, with a `token` and a `ticket` where those are needed.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { type FailedBody, failedBody } from "../../shared/errors.ts";
import { ClientId, newSessionId, Ticket } from "../../shared/ids.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { recordOffer } from "../analytics.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { isStrict, sessionOf } from "../env.ts";
import { log, reasonOf } from "../log.ts";
import { callObject, isReset } from "../objects/call.ts";
import { placeOf } from "../place.ts";
import { requestFacts } from "../request-facts.ts";
import { BRIDGE_PATH, type SessionName } from "../rpc.ts";
import { sessionSecret } from "../session-secret.ts";
import { checkJoin } from "./join.ts";
import { isUpgrade } from "./node-link.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { findStream, type KnownStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

type SocketContext = Context<EdgeEnv>;

/** A refused client that says nothing hears of it after this. */
const REFUSAL_WAIT_MS = 10_000;
const NORMAL_CLOSE = 1000;

const Query = v.object({
  websocket_id: v.optional(ClientId),
  token: v.optional(v.string()),
  // One that is none is as good as none, as with WebRTC.
  ticket: v.fallback(v.optional(Ticket), undefined),
});

export async function getSocket(c: SocketContext, directory: DirectoryCache): Promise<Response> {
  if (!isUpgrade(c)) return refuse("websocket_required");
  const found = await findStream(c, directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const tooOften = await refuseTooOften(c, c.env.OFFER_LIMITER);
  if (tooOften !== null) return tooOften;
  if (found.kind === "nothing_registered") return refuseSocket(failedBody("no_media_node"));
  if (found.descriptor.modality !== "audio") return refuseSocket(failedBody("websocket_not_supported"));
  try {
    return await open(c, found);
  } catch (error) {
    if (!isReset(error)) throw error;
    log("warn", "edge_restarting", { stream: found.name, reason: reasonOf(error) });
    return refuseSocket(failedBody("edge_restarting"));
  }
}

async function open(c: SocketContext, found: KnownStream): Promise<Response> {
  const { name: stream } = found;
  const query = v.safeParse(Query, c.req.query());
  if (!query.success) return refuse("socket_message_invalid", "The query's websocket_id is too long, or empty.");
  const { websocket_id, token = null, ticket } = query.output;
  // Minted here, so that the same call can be repeated when the session's object is reset under it.
  const sid = newSessionId();
  const clientId = websocket_id ?? sid;
  const joining = await checkJoin(c, found, { webrtc_id: clientId, token });
  if (!joining.ok) return refuseSocket(await bodyOf(joining.refusal));
  const session: SessionName = { sid, stream, clientId };
  const request = {
    v: PROTOCOL_VERSION,
    ...session,
    transport: "websocket",
    ticket,
    near: placeOf(c.req.raw.cf),
    request: requestFacts(c.req.raw, found.descriptor.requestHeaders),
    ...joining.join,
    ...(isStrict(c.env) ? { secret: await sessionSecret(c.env, session) } : {}),
  } as const;
  const startMs = Date.now();
  const result = await callObject(() => sessionOf(c.env, stream, clientId).openSocket(request));
  const outcome = result.ok ? "answered" : result.body.meta.error;
  recordOffer(c.env, { stream, outcome, tookMs: Date.now() - startMs, cf: c.req.raw.cf });
  if (!result.ok) {
    log("info", "offer_refused", { stream, sid, code: outcome });
    return refuseSocket(result.body);
  }
  const socket = result.socketUrl === undefined ? await bridge(c, session) : await dialNode(result.socketUrl);
  if (socket.status === 101) return socket;
  log("warn", "socket_not_connected", { stream, sid, status: socket.status });
  c.executionCtx.waitUntil(giveUp(c, session));
  return refuseSocket(failedBody("node_unreachable"));
}

/** Hands the client's socket through to the node: from here on this Worker has no part in it. */
async function dialNode(socketUrl: string): Promise<Response> {
  const url = socketUrl.replace(/^ws/, "http");
  try {
    return await fetch(url, { headers: { upgrade: "websocket" } });
  } catch (error) {
    // No such host, nobody listens, a certificate that is not valid.
    log("warn", "node_not_reached", { host: new URL(url).host, reason: reasonOf(error) });
    return new Response(null, { status: 502 });
  }
}

function bridge({ env }: SocketContext, { sid, stream, clientId }: SessionName): Promise<Response> {
  const url = `https://session${BRIDGE_PATH}?sid=${sid}`;
  return sessionOf(env, stream, clientId).fetch(new Request(url, { headers: { upgrade: "websocket" } }));
}

/** The node has the session, and nobody will come: it ends now, and not when the node has waited for long enough. */
async function giveUp({ env }: SocketContext, { sid, stream, clientId }: SessionName): Promise<void> {
  const request = {
    v: PROTOCOL_VERSION,
    stream,
    clientId,
    sid,
    requestId: "give-up",
    action: { kind: "close" },
  } as const;
  try {
    await callObject(() => sessionOf(env, stream, clientId).control(request));
  } catch (error) {
    log("warn", "give_up_failed", { stream, sid, reason: reasonOf(error) });
  }
}

/**
 * FastRTC's way to refuse: the socket is taken, and closed with the reason once the client has said `start`. A browser could
 * not read any other.
 */
function refuseSocket(body: FailedBody): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  const timer = setTimeout(() => say(), REFUSAL_WAIT_MS);
  const say = (): void => {
    clearTimeout(timer);
    if (server.readyState !== WebSocket.OPEN) return;
    server.send(JSON.stringify(body));
    server.close(NORMAL_CLOSE, body.meta.error);
  };
  server.addEventListener("message", say, { once: true });
  server.addEventListener("close", () => clearTimeout(timer), { once: true });
  server.accept();
  return new Response(null, { status: 101, webSocket: client });
}

const Refusal = v.object({ status: v.literal("failed"), meta: v.looseObject({ error: v.string() }) });

async function bodyOf(refusal: Response): Promise<FailedBody> {
  return v.parse(Refusal, await refusal.json());
}
