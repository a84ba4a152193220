/** `GET /node/link`: a media node dials. Whether it may is checked here, then its object takes the socket. */
import type { Context } from "hono";
import { NODE_LINK_PATH } from "../../shared/link.ts";
import { mediaNodeOf } from "../env.ts";
import { authenticateNode } from "./node-auth.ts";
import { refuse } from "./reply.ts";
import type { EdgeEnv } from "./types.ts";

export async function getNodeLink(c: Context<EdgeEnv>): Promise<Response> {
  const node = await authenticateNode(c, NODE_LINK_PATH);
  if (!node.ok) return node.refusal;
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return refuse("protocol_mismatch", "The node link is a WebSocket.");
  }
  return mediaNodeOf(c.env, node.nodeId).fetch(c.req.raw);
}
