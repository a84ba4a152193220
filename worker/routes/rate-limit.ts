/**
 * How often one address may ask, counted by the platform, without an object. Nothing is limited where no limiter is bound,
 * and where the address is none of the internet's, as on a developer's machine: the platform never says such a one.
 */
import type { Context } from "hono";
import { isPublicAddress } from "../../shared/address.ts";
import { clientKey } from "../turn/client-address.ts";
import { refuse } from "./reply.ts";
import type { EdgeEnv } from "./types.ts";

/** Seconds: the limiters' period in wrangler.toml. */
export const LIMIT_PERIOD_SECONDS = 60;

/** @returns the refusal, or null. */
export async function refuseTooOften(c: Context<EdgeEnv>, limiter: RateLimit | undefined): Promise<Response | null> {
  const address = c.req.header("cf-connecting-ip");
  if (limiter === undefined || address === undefined || !isPublicAddress(address)) return null;
  const { success } = await limiter.limit({ key: clientKey(address) });
  return success ? null : tooOften();
}

export function tooOften(): Response {
  const refusal = refuse("rate_limited");
  refusal.headers.set("retry-after", String(LIMIT_PERIOD_SECONDS));
  return refusal;
}
