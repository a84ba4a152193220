/** `GET /sessions/<webrtc_id>`: how a session stands. Only what its own client knows anyway: ids can be guessed. */
import type { Context } from "hono";
import * as v from "valibot";
import { ClientId } from "../../shared/ids.ts";
import { EdgeSession, type SessionCaches } from "../edge-session.ts";
import { accessTo, SESSION_SECRET_FIELD } from "./own-session.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse, refuseUnknown } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

export async function getSession(c: Context<EdgeEnv>, caches: SessionCaches): Promise<Response> {
  const tooOften = await refuseTooOften(c, c.env.REQUEST_LIMITER);
  if (tooOften !== null) return tooOften;
  const found = await findStream(c, caches.directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const clientId = c.req.param("id");
  if (found.kind === "nothing_registered" || !v.is(ClientId, clientId)) return refuseUnknown();
  const access = await accessTo(c, { stream: found.name, clientId }, c.req.query(SESSION_SECRET_FIELD));
  if (!access.ok) return access.refusal;
  const info = await new EdgeSession(c.env, caches, found.name, clientId, access.sid).info();
  if (info === null) return refuseUnknown();
  const since = info.sinceMs === undefined ? null : new Date(info.sinceMs).toISOString();
  const whereabouts = { stream: found.name, since };
  if (info.state === "ended") return c.json({ state: info.state, reason: info.reason, ...whereabouts });
  return c.json({ state: info.state, ...whereabouts });
}
