/**
 * `GET /sessions/<webrtc_id>`: how a session stands. Only what its own client knows anyway: ids can be guessed. `DELETE` gives up
 * one that has not come up, so that its client, who knows that it will not, need not wait for its slot: to try another way, say.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { ClientId } from "../../shared/ids.ts";
import { EdgeSession, type SessionCaches } from "../edge-session.ts";
import type { SessionInfo } from "../rpc.ts";
import { accessTo, SESSION_SECRET_FIELD } from "./own-session.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse, refuseUnknown } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

/** A node reports within this that a session has ended; past it the slot is freed by what frees it anyway. */
const GONE_WITHIN_MS = 1_000;
const LOOK_AGAIN_MS = 50;

export async function getSession(c: Context<EdgeEnv>, caches: SessionCaches): Promise<Response> {
  const asked = await find(c, caches);
  if (!asked.ok) return asked.refusal;
  const { info, session } = asked;
  const since = info.sinceMs === undefined ? null : new Date(info.sinceMs).toISOString();
  const whereabouts = { stream: session.stream, since };
  if (info.state === "ended") return c.json({ state: info.state, reason: info.reason, ...whereabouts });
  return c.json({ state: info.state, ...whereabouts });
}

export async function deleteSession(c: Context<EdgeEnv>, caches: SessionCaches): Promise<Response> {
  const asked = await find(c, caches);
  if (!asked.ok) return asked.refusal;
  const { info, session } = asked;
  // An id that somebody guessed ends no conversation.
  if (info.state === "live") return refuse("session_connected");
  if (info.state === "pending") {
    await session.close();
    await gone(session);
  }
  return c.json({ status: "success" });
}

type Found =
  | { readonly ok: true; readonly info: NonNullable<SessionInfo>; readonly session: EdgeSession }
  | { readonly ok: false; readonly refusal: Response };

async function find(c: Context<EdgeEnv>, caches: SessionCaches): Promise<Found> {
  const no = (refusal: Response): Found => ({ ok: false, refusal });
  const tooOften = await refuseTooOften(c, c.env.REQUEST_LIMITER);
  if (tooOften !== null) return no(tooOften);
  const found = await findStream(c, caches.directory);
  if (found.kind === "unknown") return no(refuse("unknown_stream"));
  const clientId = c.req.param("id");
  if (found.kind === "nothing_registered" || !v.is(ClientId, clientId)) return no(refuseUnknown());
  const access = await accessTo(c, { stream: found.name, clientId }, c.req.query(SESSION_SECRET_FIELD));
  if (!access.ok) return no(access.refusal);
  const session = new EdgeSession(c.env, caches, found.name, clientId, access.sid);
  const info = await session.info();
  return info === null ? no(refuseUnknown()) : { ok: true, info, session };
}

/** Waits until the slot is free. */
async function gone(session: EdgeSession): Promise<void> {
  for (let waitedMs = 0; waitedMs < GONE_WITHIN_MS; waitedMs += LOOK_AGAIN_MS) {
    const info = await session.info();
    if (info === null || info.state === "ended") return;
    await scheduler.wait(LOOK_AGAIN_MS);
  }
}
