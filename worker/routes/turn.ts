/** `GET /turn`: a client's ICE servers. `GET /node/ice-servers`: a media node's own. */
import type { Context } from "hono";
import { NODE_ICE_SERVERS_PATH } from "../../shared/turn.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { clientKey } from "../turn/client-address.ts";
import { TurnFailure } from "../turn/provider.ts";
import type { TurnClient, TurnService } from "../turn/service.ts";
import { refuseStranger } from "./join.ts";
import { authenticateNode } from "./node-auth.ts";
import { tooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

/** Credentials are one client's: nobody in between may keep them. */
const NO_STORE = { "cache-control": "no-store" };

export async function getTurn(c: Context<EdgeEnv>, directory: DirectoryCache, service: TurnService): Promise<Response> {
  const limiter = c.env.TURN_LIMITER;
  const outcome = await limiter?.limit({ key: clientKey(c.req.header("cf-connecting-ip")) });
  if (outcome?.success === false) return tooOften();
  const client = await clientOf(c, directory);
  if (client === null) return refuse("unknown_stream");
  const stranger = await refuseStranger(c, client);
  if (stranger !== null) return stranger;
  return answer(async () => {
    // Without a limit anybody could spend the operator's relay; it fails closed.
    if (outcome === undefined && service.hasProvider(c.env, client)) {
      throw new TurnFailure("turn_misconfigured", "The Worker has no TURN_LIMITER binding.");
    }
    return c.json(await service.forClient(c.env, client), 200, NO_STORE);
  });
}

/** For nodes only, with the node link's headers. Not limited: nodes are the operator's own. */
export async function getNodeIceServers(c: Context<EdgeEnv>, service: TurnService): Promise<Response> {
  const node = await authenticateNode(c, NODE_ICE_SERVERS_PATH);
  if (!node.ok) return node.refusal;
  return answer(async () => c.json(await service.forNode(c.env, node.nodeId), 200, NO_STORE));
}

/** The root path serves clients of any stream, also where there is no default one. */
async function clientOf(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<TurnClient | null> {
  const found = await findStream(c, directory);
  if (found.kind === "known") return { stream: found.name, descriptor: found.descriptor };
  if (c.req.param("stream") === undefined) return { stream: null, descriptor: null };
  return found.kind === "unknown" ? null : { stream: found.name, descriptor: null };
}

async function answer(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TurnFailure) return refuse(error.code, error.detail);
    throw error;
  }
}
