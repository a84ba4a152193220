/** Who is an operator: whoever has the edge's admin token, which is no other secret of it. */
import type { MiddlewareHandler } from "hono";
import { MIN_ADMIN_TOKEN_CHARS } from "../../shared/admin.ts";
import { refuse } from "../routes/reply.ts";
import { bearerOf, sameSecret } from "../routes/secret.ts";
import type { EdgeEnv } from "../routes/types.ts";

export const operatorsOnly: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const token = c.env.EDGERTC_ADMIN_TOKEN;
  if (token === undefined || token.length < MIN_ADMIN_TOKEN_CHARS) return refuse("admin_disabled");
  const given = bearerOf(c.req.header("authorization"));
  if (given === null || !(await sameSecret(given, token))) {
    const refusal = refuse("admin_unauthorized");
    refusal.headers.set("www-authenticate", "Bearer");
    return refusal;
  }
  await next();
  // What it says is of the moment, and nobody else's business.
  c.res.headers.set("cache-control", "no-store");
  return;
};
