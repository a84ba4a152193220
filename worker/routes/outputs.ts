/** `GET /outputs?webrtc_id=`, and the same under a stream's path: a session's additional outputs as server-sent events. */
import type { Context } from "hono";
import * as v from "valibot";
import { ClientId } from "../../shared/ids.ts";
import { EdgeSession, type SessionCaches } from "../edge-session.ts";
import { accessTo, SESSION_SECRET_FIELD } from "./own-session.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse, refuseUnknown } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

export async function getOutputs(c: Context<EdgeEnv>, caches: SessionCaches): Promise<Response> {
  const tooOften = await refuseTooOften(c, c.env.REQUEST_LIMITER);
  if (tooOften !== null) return tooOften;
  const found = await findStream(c, caches.directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const clientId = c.req.query("webrtc_id");
  if (clientId === undefined) {
    const detail = [{ type: "missing", loc: ["query", "webrtc_id"], msg: "Field required", input: null }];
    return c.json({ detail }, 422);
  }
  if (found.kind === "nothing_registered" || !v.is(ClientId, clientId)) return refuseUnknown();
  const access = await accessTo(c, { stream: found.name, clientId }, c.req.query(SESSION_SECRET_FIELD));
  if (!access.ok) return access.refusal;
  return await new EdgeSession(c.env, caches, found.name, clientId, access.sid).events(c.req.raw);
}
