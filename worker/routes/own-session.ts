/** Whether a request about a session may be made: on a strict edge only with the session's own secret. */
import type { Context } from "hono";
import { isStrict } from "../env.ts";
import { sidOfSecret } from "../session-secret.ts";
import { refuse } from "./reply.ts";
import { bearerOf } from "./secret.ts";
import type { EdgeEnv } from "./types.ts";

/** Name of the secret in an answer, a body or a query. */
export const SESSION_SECRET_FIELD = "session_secret";

export type Access =
  /** `sid`: the only session that is meant; undefined is whichever has the client id. */
  { readonly ok: true; readonly sid?: string } | { readonly ok: false; readonly refusal: Response };

/** @param given what stands in the body or the query under {@link SESSION_SECRET_FIELD}; a bearer token will do, too. */
export async function accessTo(
  c: Context<EdgeEnv>,
  session: { readonly stream: string; readonly clientId: string },
  given: unknown,
): Promise<Access> {
  if (!isStrict(c.env)) return { ok: true };
  const secret = typeof given === "string" ? given : bearerOf(c.req.header("authorization"));
  const sid = secret === null ? null : await sidOfSecret(c.env, secret, session);
  return sid === null ? { ok: false, refusal: refuse("session_secret_required") } : { ok: true, sid };
}
