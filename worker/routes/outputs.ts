/** `GET /outputs?webrtc_id=`, and the same under a stream's path: a session's additional outputs as server-sent events. */
import type { Context } from "hono";
import * as v from "valibot";
import { ClientId } from "../../shared/ids.ts";
import { EdgeSession, type SessionCaches } from "../edge-session.ts";
import { refuse, refuseUnknown } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

export async function getOutputs(c: Context<EdgeEnv>, caches: SessionCaches): Promise<Response> {
  const found = await findStream(c, caches.directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const clientId = c.req.query("webrtc_id");
  if (clientId === undefined) {
    const detail = [{ type: "missing", loc: ["query", "webrtc_id"], msg: "Field required", input: null }];
    return c.json({ detail }, 422);
  }
  if (found.kind === "nothing_registered" || !v.is(ClientId, clientId)) return refuseUnknown();
  return await new EdgeSession(c.env, caches, found.name, clientId).events(c.req.raw);
}
