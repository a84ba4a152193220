/**
 * Who may speak as a media node: whoever knows the secret that edge and nodes share, shown by a token that is good for one
 * request (shared/node-token.ts). A node of the release before sends the secret itself, which a strict edge does not take.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { NodeId } from "../../shared/ids.ts";
import { NODE_ID_HEADER } from "../../shared/link.ts";
import { EDGE_TIME_HEADER, type NodeClaims, verifyNodeToken } from "../../shared/node-token.ts";
import { forgetAtMs, type TokenTimes } from "../../shared/signed-token.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { type Env, isStrict, mediaNodeOf } from "../env.ts";
import { log } from "../log.ts";
import { callObject, isOlder } from "../objects/call.ts";
import { refuse } from "./reply.ts";
import { bearerOf, sameSecret } from "./secret.ts";
import type { EdgeEnv } from "./types.ts";

export type NodeAuth =
  | { readonly ok: true; readonly nodeId: string }
  | { readonly ok: false; readonly refusal: Response };

/** @param path the route's, without the prefix that the edge may be mounted under. */
export async function authenticateNode(c: Context<EdgeEnv>, path: string): Promise<NodeAuth> {
  const secret = c.env.EDGERTC_NODE_SECRET;
  if (secret === undefined || secret === "") return no(refuse("node_secret_missing"));
  const given = bearerOf(c.req.header("authorization"));
  if (given === null) return no(refuse("node_unauthorized"));
  const nodeId = c.req.header(NODE_ID_HEADER);
  if (!isStrict(c.env) && (await sameSecret(given, secret))) return named(nodeId);
  const verified = await verifyNodeToken(given, secret, Date.now());
  if (!verified.ok) return no(verified.fault === "expired" || verified.fault === "early" ? clockOff() : stranger(c));
  const { claims } = verified;
  if (claims.path !== path || claims.aud !== new URL(c.req.url).host)
    return no(refuse("node_unauthorized", NOT_FOR_HERE));
  if (claims.sub !== nodeId) return no(refuse("node_unauthorized", "The token is another node's."));
  const refusal = await useUp(c.env, claims);
  return refusal === null ? named(nodeId) : no(refusal);
}

const NOT_FOR_HERE =
  "The token is for another edge or another request. A proxy in between must keep the Host header as the node sent it.";

/** One use per token: the node's object remembers it for as long as it is valid. */
async function useUp(env: Env, claims: NodeClaims & TokenTimes): Promise<Response | null> {
  const request = { v: PROTOCOL_VERSION, tokenId: claims.jti, forgetAtMs: forgetAtMs(claims), epoch: claims.epoch };
  try {
    const use = await callObject(() => mediaNodeOf(env, claims.sub).useToken(request));
    if (use === "first") return null;
    return refuse(use === "replaced" ? "node_replaced" : "node_token_used");
  } catch (error) {
    // For the minutes of an update: its signature and its time have been checked.
    if (isOlder(error)) return null;
    throw error;
  }
}

function named(nodeId: string | undefined): NodeAuth {
  if (v.is(NodeId, nodeId)) return { ok: true, nodeId };
  return no(refuse("protocol_mismatch", `The header ${NODE_ID_HEADER} is no node id.`));
}

function no(refusal: Response): NodeAuth {
  return { ok: false, refusal };
}

function clockOff(): Response {
  const refusal = refuse("node_clock_off");
  refusal.headers.set(EDGE_TIME_HEADER, String(Date.now()));
  return refusal;
}

function stranger(c: Context<EdgeEnv>): Response {
  log("warn", "node_unauthorized", { path: new URL(c.req.url).pathname });
  return refuse("node_unauthorized");
}
