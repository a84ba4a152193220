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
import type { DirectoryCache } from "../directory-cache.ts";
import { isStrict } from "../env.ts";
import { log, reasonOf } from "../log.ts";
import { isReset } from "../objects/call.ts";
import { placeOf } from "../place.ts";
import { requestFacts } from "../request-facts.ts";
import type { SessionName } from "../rpc.ts";
import { sessionSecret } from "../session-secret.ts";
import { checkJoin } from "./join.ts";
import { connectSocket, type SocketRequest } from "./media-socket.ts";
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
  const request: SocketRequest = {
    v: PROTOCOL_VERSION,
    ...session,
    transport: "websocket",
    ticket,
    near: placeOf(c.req.raw.cf),
    request: requestFacts(c.req.raw, found.descriptor.requestHeaders),
    ...joining.join,
    ...(isStrict(c.env) ? { secret: await sessionSecret(c.env, session) } : {}),
  };
  const connected = await connectSocket(c, request);
  return connected.ok ? connected.socket : refuseSocket(connected.body);
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
