/** Telephone calls that an operator makes, sends elsewhere and ends, through the account of the Worker's variables. */
import type { Context } from "hono";
import { ADMIN_API_PATH, CallRequest, RedirectRequest } from "../../shared/admin.ts";
import { streamPath } from "../../shared/ids.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { log } from "../log.ts";
import { refuse } from "../routes/reply.ts";
import type { EdgeEnv } from "../routes/types.ts";
import { accountOf, TelephoneFailure } from "../telephone/account.ts";
import { bodyOf } from "./body.ts";

/** `POST /admin/api/calls`: calls somebody, and connects who answers to a stream. */
export async function postCall(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const request = await bodyOf(c, CallRequest, 'The body is {"to": "+14155550100", "stream": "name", "from": "+1…"}.');
  if (request instanceof Response) return request;
  const { to, stream, from = c.env.EDGERTC_TELEPHONE_NUMBER?.trim() ?? "" } = request;
  if ((await directory.lookup(c.env, stream)).kind !== "known") return refuse("unknown_stream");
  if (from === "")
    return refuse("telephone_not_configured", "EDGERTC_TELEPHONE_NUMBER is not set: calls come from it.");
  return await attempt(async () => {
    const account = accountOf(c.env);
    const callId = await account.call({ to, from, url: incomingUrl(c, stream) });
    log("info", "operator_calls", { stream, provider: account.provider, callId });
    return c.json({ callId, provider: account.provider }, 201);
  });
}

/** `PUT /admin/api/calls/<call id>`: connects a call that is up to another stream. */
export async function redirectCall(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const request = await bodyOf(c, RedirectRequest, 'The body is {"stream": "name"}.');
  if (request instanceof Response) return request;
  const { stream } = request;
  if ((await directory.lookup(c.env, stream)).kind !== "known") return refuse("unknown_stream");
  return await attempt(async () => {
    await accountOf(c.env).redirect(c.req.param("callId") ?? "", incomingUrl(c, stream));
    return c.body(null, 204);
  });
}

/** `DELETE /admin/api/calls/<call id>`: hangs up. */
export async function endCall(c: Context<EdgeEnv>): Promise<Response> {
  return await attempt(async () => {
    await accountOf(c.env).hangUp(c.req.param("callId") ?? "");
    return c.body(null, 204);
  });
}

/** Where the provider asks for the call's instructions: where this request came to, which must be a public address. */
function incomingUrl(c: Context<EdgeEnv>, stream: string): string {
  const { protocol, host, pathname } = new URL(c.req.url);
  const prefix = pathname.slice(0, pathname.indexOf(ADMIN_API_PATH));
  // Behind a proxy that ends TLS. No provider calls a plain http address of a host without a port anyway.
  const scheme = host.includes(":") ? protocol : "https:";
  return `${scheme}//${host}${prefix}${streamPath(stream)}/telephone/incoming`;
}

async function attempt(action: () => Promise<Response>): Promise<Response> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof TelephoneFailure)) throw error;
    log("warn", error.code, { reason: error.message });
    return refuse(error.code, error.message);
  }
}
