/**
 * Which pages may call the edge. Any, as with FastRTC, unless there is a list: then requests of other origins are refused,
 * not only kept from being read, because an offer takes effect without being read. The page that the edge itself serves
 * may always call. What sends no Origin header is no page of a browser, and no list keeps it out.
 */
import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { refuse } from "./reply.ts";
import type { EdgeEnv } from "./types.ts";

const ALLOW_METHODS = ["GET", "POST", "DELETE"];
/** Seconds that a browser remembers a preflight's answer: a call asks for several. */
const PREFLIGHT_SECONDS = 600;

/** @param allowed origins such as `https://example.com`. Default: the variable EDGERTC_ALLOWED_ORIGINS, else any. */
export function originsAllowed(allowed: readonly string[] | undefined): MiddlewareHandler<EdgeEnv> {
  const any = cors({ origin: "*", allowMethods: ALLOW_METHODS });
  const listed = cors({ origin: (origin) => origin, allowMethods: ALLOW_METHODS, maxAge: PREFLIGHT_SECONDS });
  return async (c, next) => {
    if (listOf(c, allowed) === null) return await any(c, next);
    return refuseOrigin(c, allowed) ?? (await listed(c, next));
  };
}

/** For WebSockets, which no browser keeps from other origins. @returns null where the page may. */
export function refuseOrigin(c: Context<EdgeEnv>, allowed: readonly string[] | undefined): Response | null {
  const list = listOf(c, allowed);
  const origin = c.req.header("origin");
  if (list === null || origin === undefined || list.includes(origin) || isOwn(origin, c)) return null;
  const refusal = refuse("origin_not_allowed");
  refusal.headers.set("vary", "Origin");
  return refusal;
}

/** Null is any. */
function listOf(c: Context<EdgeEnv>, allowed: readonly string[] | undefined): readonly string[] | null {
  const list = allowed ?? originsIn(c.env.EDGERTC_ALLOWED_ORIGINS);
  return list.length === 0 || list.includes("*") ? null : list;
}

/** Separated by commas or spaces. A slash at the end, which an origin does not have, is forgiven. */
function originsIn(variable: string | undefined): string[] {
  return (variable ?? "")
    .split(/[\s,]+/)
    .filter((origin) => origin !== "")
    .map((origin) => origin.replace(/\/$/, "").toLowerCase());
}

/** By host: behind a proxy that speaks TLS the schemes differ. */
function isOwn(origin: string, c: Context<EdgeEnv>): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host;
}
