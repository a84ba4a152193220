/**
 * WebSockets that a media node dials: `GET /node/link`, its own, and `GET /node/media`, the media of a session whose client
 * cannot reach it. Whether it may is checked here, then an object takes the socket.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { NODE_LINK_PATH, NODE_MEDIA_PATH, NodeMediaQuery } from "../../shared/link.ts";
import { mediaNodeOf, sessionOf } from "../env.ts";
import { authenticateNode, type NodeAuth } from "./node-auth.ts";
import { refuse } from "./reply.ts";
import type { EdgeEnv } from "./types.ts";

export async function getNodeLink(c: Context<EdgeEnv>): Promise<Response> {
  const node = await dialling(c, NODE_LINK_PATH);
  return node.ok ? await mediaNodeOf(c.env, node.nodeId).fetch(c.req.raw) : node.refusal;
}

export async function getNodeMedia(c: Context<EdgeEnv>): Promise<Response> {
  const node = await dialling(c, NODE_MEDIA_PATH);
  if (!node.ok) return node.refusal;
  const query = v.safeParse(NodeMediaQuery, c.req.query());
  if (!query.success) return refuse("protocol_mismatch", "The query does not name a session.");
  const { stream, clientId } = query.output;
  return await sessionOf(c.env, stream, clientId).fetch(c.req.raw);
}

async function dialling(c: Context<EdgeEnv>, path: string): Promise<NodeAuth> {
  const node = await authenticateNode(c, path);
  if (!node.ok || isUpgrade(c)) return node;
  return { ok: false, refusal: refuse("protocol_mismatch", "The node link is a WebSocket.") };
}

export function isUpgrade(c: Context<EdgeEnv>): boolean {
  return c.req.header("upgrade")?.toLowerCase() === "websocket";
}
