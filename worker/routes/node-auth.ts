/** Who may speak as a media node: whoever knows the secret that edge and nodes share. */
import type { Context } from "hono";
import { refuse } from "./reply.ts";
import { bearerOf, sameSecret } from "./secret.ts";
import type { EdgeEnv } from "./types.ts";

/** @returns the refusal, or null where the request carries the secret. */
export async function refuseStranger(c: Context<EdgeEnv>): Promise<Response | null> {
  const secret = c.env.EDGERTC_NODE_SECRET;
  if (secret === undefined || secret === "") return refuse("node_secret_missing");
  const given = bearerOf(c.req.header("authorization"));
  if (given === null || !(await sameSecret(given, secret))) return refuse("node_unauthorized");
  return null;
}
