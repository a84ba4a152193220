/** Who may speak as a media node: whoever knows the secret that edge and nodes share. */
import type { Context } from "hono";
import { refuse } from "./reply.ts";
import type { EdgeEnv } from "./types.ts";

/** @returns the refusal, or null where the request carries the secret. */
export async function refuseStranger(c: Context<EdgeEnv>): Promise<Response | null> {
  const secret = c.env.EDGERTC_NODE_SECRET;
  if (secret === undefined || secret === "") return refuse("node_secret_missing");
  const given = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (given === undefined || !(await sameSecret(given, secret))) return refuse("node_unauthorized");
  return null;
}

/** Compares in a time that tells nothing: over digests, which have the same length whatever was given. */
async function sameSecret(given: string, secret: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [a, b] = await Promise.all(
    [given, secret].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))),
  );
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}
