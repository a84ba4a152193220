/** What an operator can change: a stream's limit, and whether a node goes on. */
import type { Context } from "hono";
import * as v from "valibot";
import { DrainRequest, LimitRequest, MAX_OPERATOR_LIMIT } from "../../shared/admin.ts";
import { isErrorCode } from "../../shared/errors.ts";
import { MAX_DRAIN_TIMEOUT_MS } from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { directoryOf, mediaNodeOf, streamOf } from "../env.ts";
import { log } from "../log.ts";
import { callObject } from "../objects/call.ts";
import { readBody } from "../offer/read-body.ts";
import { refuse } from "../routes/reply.ts";
import { findStream } from "../routes/stream-name.ts";
import type { EdgeEnv } from "../routes/types.ts";

/** Bytes of a body here. Larger: 413 `body_too_large`. */
const MAX_BODY_BYTES = 4 * 1024;

/** `PUT /admin/api/streams/<stream>/limit`. Counts from the next admission. */
export async function putLimit(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const found = await findStream(c, directory);
  if (found.kind !== "known") return refuse("unknown_stream");
  const text = await readBody(c.req.raw, MAX_BODY_BYTES);
  if (text === null) return refuse("body_too_large");
  const body = v.safeParse(LimitRequest, parseJson(text));
  if (!body.success) {
    return refuse("invalid_request", `The body is {"limit": n}, n from 0 to ${MAX_OPERATOR_LIMIT}, or null for none.`);
  }
  const { limit } = body.output;
  await callObject(() => streamOf(c.env, found.name).setLimit({ v: PROTOCOL_VERSION, limit }));
  log("info", "operator_sets_limit", { stream: found.name, limit });
  const status = await callObject(() => streamOf(c.env, found.name).status({ v: PROTOCOL_VERSION }));
  return c.json({ limit: status.limit, operatorLimit: limit, active: status.active });
}

/** `POST /admin/api/nodes/<node>/drain`. */
export async function postDrain(c: Context<EdgeEnv>): Promise<Response> {
  const text = await readBody(c.req.raw, MAX_BODY_BYTES);
  if (text === null) return refuse("body_too_large");
  const body = v.safeParse(DrainRequest, text === "" ? {} : parseJson(text));
  if (!body.success) {
    return refuse("invalid_request", `The body is empty or {"timeoutMs": n}, n up to ${MAX_DRAIN_TIMEOUT_MS}.`);
  }
  // Asked first: no object is made for a name that nobody has.
  const nodes = await callObject(() => directoryOf(c.env).nodes({ v: PROTOCOL_VERSION }));
  const node = nodes.find(({ nodeId }) => nodeId === c.req.param("node"));
  if (node === undefined) return refuse("unknown_node");
  const { nodeId } = node;
  const { timeoutMs = null } = body.output;
  const reply = await callObject(() => mediaNodeOf(c.env, nodeId).drain({ v: PROTOCOL_VERSION, timeoutMs }));
  log("info", "operator_drains_node", { nodeId, timeoutMs, ok: reply.ok });
  if (reply.ok) return c.json({ status: "draining" }, 202);
  return refuse(isErrorCode(reply.error) ? reply.error : "internal", reply.message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
