/** `GET /node/link`: a media node dials. Its secret is checked here, then its object takes the socket. */
import type { Context } from "hono";
import * as v from "valibot";
import { NodeId } from "../../shared/ids.ts";
import { NODE_ID_HEADER } from "../../shared/link.ts";
import { mediaNodeOf } from "../env.ts";
import { refuseStranger } from "./node-auth.ts";
import { refuse } from "./reply.ts";
import type { EdgeEnv } from "./types.ts";

export async function getNodeLink(c: Context<EdgeEnv>): Promise<Response> {
  const refusal = await refuseStranger(c);
  if (refusal !== null) return refusal;
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return refuse("protocol_mismatch", "The node link is a WebSocket.");
  }
  const nodeId = c.req.header(NODE_ID_HEADER);
  if (!v.is(NodeId, nodeId)) return refuse("protocol_mismatch", `The header ${NODE_ID_HEADER} is no node id.`);
  return mediaNodeOf(c.env, nodeId).fetch(c.req.raw);
}
