/** `GET /node/link`: a media node dials. Its secret is checked here, then its object takes the socket. */
import type { Context } from "hono";
import * as v from "valibot";
import { NodeId } from "../../shared/ids.ts";
import { NODE_ID_HEADER } from "../../shared/link.ts";
import { mediaNodeOf } from "../env.ts";
import { refuse } from "./reply.ts";
import type { EdgeEnv } from "./types.ts";

export async function getNodeLink(c: Context<EdgeEnv>): Promise<Response> {
  const secret = c.env.EDGERTC_NODE_SECRET;
  if (secret === undefined || secret === "") return refuse("node_secret_missing");
  const given = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (given === undefined || !(await sameSecret(given, secret))) return refuse("node_unauthorized");
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return refuse("protocol_mismatch", "The node link is a WebSocket.");
  }
  const nodeId = c.req.header(NODE_ID_HEADER);
  if (!v.is(NodeId, nodeId)) return refuse("protocol_mismatch", `The header ${NODE_ID_HEADER} is no node id.`);
  return mediaNodeOf(c.env, nodeId).fetch(c.req.raw);
}

/** Compares in a time that tells nothing: over digests, which have the same length whatever was given. */
async function sameSecret(given: string, secret: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [a, b] = await Promise.all(
    [given, secret].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))),
  );
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}
