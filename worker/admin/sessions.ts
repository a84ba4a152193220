/** An operator's view of a stream's sessions: list, inspect, end. */
import type { Context } from "hono";
import * as v from "valibot";
import { MAX_SESSIONS_PER_PAGE, type SessionDetail, type SessionPage } from "../../shared/admin.ts";
import { isErrorCode } from "../../shared/errors.ts";
import { ClientId, SessionId } from "../../shared/ids.ts";
import { MAX_CLIENT_ID_CHARS } from "../../shared/limits.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { mediaNodeOf, streamOf } from "../env.ts";
import type { Lease } from "../ledger/types.ts";
import { log } from "../log.ts";
import { callObject } from "../objects/call.ts";
import { refuse } from "../routes/reply.ts";
import { findStream } from "../routes/stream-name.ts";
import type { EdgeEnv } from "../routes/types.ts";
import type { CommandResult } from "../rpc.ts";

const PageQuery = v.object({
  after: v.optional(v.pipe(v.string(), v.maxLength(MAX_CLIENT_ID_CHARS)), ""),
  count: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,6}$/), v.transform(Number), v.minValue(1), v.maxValue(MAX_SESSIONS_PER_PAGE)),
    "50",
  ),
});

export async function listSessions(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const found = await findStream(c, directory);
  if (found.kind !== "known") return refuse("unknown_stream");
  const query = v.safeParse(PageQuery, c.req.query());
  if (!query.success) return refuse("invalid_request", `count is 1 to ${MAX_SESSIONS_PER_PAGE}, after a client id.`);
  const { after, count } = query.output;
  // One more than asked for tells whether there is another page.
  const request = { v: PROTOCOL_VERSION, after, count: count + 1 };
  const rows = await callObject(() => streamOf(c.env, found.name).sessions(request));
  const page: SessionPage = {
    sessions: rows.slice(0, count).map(({ sid, clientId, nodeId, epoch, state, admittedMs }) => ({
      sid,
      clientId,
      stream: found.name,
      nodeId,
      epoch,
      state,
      sinceMs: admittedMs,
    })),
    next: rows.length > count ? (rows[count - 1]?.clientId ?? null) : null,
  };
  return c.json(page);
}

export async function inspectSession(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const found = await findStream(c, directory);
  if (found.kind !== "known") return refuse("unknown_stream");
  const detail = await find(c, found.name);
  return detail === null ? refuse("unknown_session") : c.json(detail);
}

/**
 * Ends a session on its node, which then reports it, so that the slot is free once the session is really over. `?sid=`
 * ends that incarnation only.
 */
export async function endSession(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const found = await findStream(c, directory);
  if (found.kind !== "known") return refuse("unknown_stream");
  const session = await find(c, found.name);
  const sid = c.req.query("sid") ?? session?.sid;
  if (sid === undefined || !v.is(SessionId, sid) || session?.sid !== sid) return refuse("unknown_session");
  if (session.state === "ended") return c.json({ status: "ended" });
  const { stream, clientId, nodeId, epoch, state } = session;
  const id = `${sid}:end:${crypto.randomUUID()}`;
  const command = { id, command: "end", sid, stream, clientId, reason: "ended_by_edge" } as const;
  const reply = await callObject(() => mediaNodeOf(c.env, nodeId).command({ v: PROTOCOL_VERSION, epoch, command }));
  log("info", "operator_ends_session", { stream, sid, nodeId, ok: reply.ok });
  if (reply.ok) return c.json({ status: "ending" }, 202);
  return await explain(c, stream, { sid, clientId, nodeId, epoch, state }, reply);
}

async function explain(
  c: Context<EdgeEnv>,
  stream: string,
  lease: Lease,
  { error, message }: CommandResult & { ok: false },
): Promise<Response> {
  if (error !== "connection_closed") return refuse(isErrorCode(error) ? error : "internal", message);
  // The node has no such session. A pending one may be on its way to it still: its slot must not be given away.
  if (lease.state === "pending") return refuse("session_starting");
  const release = { v: PROTOCOL_VERSION, ...lease, reason: "ended_by_edge" } as const;
  await callObject(() => streamOf(c.env, stream).release(release));
  return c.json({ status: "ended" });
}

async function find(c: Context<EdgeEnv>, stream: string): Promise<SessionDetail | null> {
  const clientId = c.req.param("clientId");
  if (!v.is(ClientId, clientId)) return null;
  const info = await callObject(() => streamOf(c.env, stream).find({ v: PROTOCOL_VERSION, clientId }));
  if (info === null) return null;
  if (info.state === "ended") {
    const { state, sid, reason, sinceMs = null } = info;
    return { state, sid, clientId, stream, reason, sinceMs };
  }
  const { sid, nodeId, epoch } = info.lease;
  return { state: info.state, sid, clientId, stream, nodeId, epoch, sinceMs: info.sinceMs ?? 0 };
}
