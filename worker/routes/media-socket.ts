/**
 * A session whose media comes over a WebSocket, from its admission to its socket: a node that clients can reach is fetched with its
 * one-use ticket and the socket handed through; for any other the session's object passes the messages on. Nothing is read here.
 */
import type { Context } from "hono";
import { type FailedBody, failedBody } from "../../shared/errors.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { recordOffer } from "../analytics.ts";
import { sessionOf } from "../env.ts";
import { log, reasonOf } from "../log.ts";
import { callObject } from "../objects/call.ts";
import { BRIDGE_PATH, type SessionName, type SocketContent, type SocketResult, type Versioned } from "../rpc.ts";
import type { EdgeEnv } from "./types.ts";

type SocketContext = Context<EdgeEnv>;

export type SocketRequest = Versioned & SessionName & SocketContent;

export type Connected =
  /** Of status 101. */
  { readonly ok: true; readonly socket: Response } | { readonly ok: false; readonly body: FailedBody };

/** Gives a session its slot and its node. Its client is still to come. */
export async function admitSocket(c: SocketContext, request: SocketRequest): Promise<SocketResult> {
  const { sid, stream, clientId } = request;
  const startMs = Date.now();
  const result = await callObject(() => sessionOf(c.env, stream, clientId).openSocket(request));
  const outcome = result.ok ? "answered" : result.body.meta.error;
  recordOffer(c.env, { stream, outcome, tookMs: Date.now() - startMs, cf: c.req.raw.cf });
  if (!result.ok) log("info", "offer_refused", { stream, sid, code: outcome });
  return result;
}

/** And takes its client there. */
export async function connectSocket(c: SocketContext, request: SocketRequest): Promise<Connected> {
  const { sid, stream, clientId } = request;
  const session: SessionName = { sid, stream, clientId };
  const result = await admitSocket(c, request);
  if (!result.ok) return result;
  const socket = result.socketUrl === undefined ? await bridge(c, session) : await dialNode(result.socketUrl);
  if (socket.status === 101) return { ok: true, socket };
  log("warn", "socket_not_connected", { stream, sid, status: socket.status });
  c.executionCtx.waitUntil(giveUp(c, session));
  return { ok: false, body: failedBody("node_unreachable") };
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
export async function giveUp({ env }: SocketContext, { sid, stream, clientId }: SessionName): Promise<void> {
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
