/**
 * How a media node shows the edge that it knows their secret, without sending it: a token for one request, that names the
 * node, its run, the edge and the path. Taken once, within half a minute.
 */
import * as v from "valibot";
import { NodeId } from "./ids.ts";
import { signToken, type TokenSort, type Verified, verifyToken } from "./signed-token.ts";

export const NODE_TOKEN: TokenSort = { typ: "edgertc-node+jwt", maxLifetimeMs: 60_000 };

const LIFETIME_MS = 30_000;

const NodeClaims = v.object({
  /** The node's name. */
  sub: NodeId,
  /** Host and port of the edge, as the node dials it: a token that another server was sent is of no use here. */
  aud: v.pipe(v.string(), v.maxLength(300)),
  /** Path of the request, as the edge names it: the prefix that it may be mounted under is not part of it. */
  path: v.pipe(v.string(), v.maxLength(100)),
  /** The run's epoch; null for one that has not been given any yet. */
  epoch: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))),
});
export type NodeClaims = v.InferOutput<typeof NodeClaims>;

export function signNodeToken(claims: NodeClaims, secret: string, nowMs: number): Promise<string> {
  return signToken(NODE_TOKEN, claims, { secret, nowMs, lifetimeMs: LIFETIME_MS });
}

export function verifyNodeToken(token: string, secret: string, nowMs: number): Promise<Verified<NodeClaims>> {
  return verifyToken(NODE_TOKEN, NodeClaims, token, { secret, nowMs });
}

/** The refusal of a token whose time is off carries the edge's: a node whose clock is wrong goes by it from then on. */
export const EDGE_TIME_HEADER = "x-edgertc-now-ms";
