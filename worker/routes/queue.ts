/** Waiting in line: `GET /queue/<ticket>` says how it stands, `DELETE` gives it up. Nothing is open meanwhile. */
import type { Context } from "hono";
import * as v from "valibot";
import { Ticket } from "../../shared/ids.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { streamOf } from "../env.ts";
import { callObject } from "../objects/call.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

export async function getTicket(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const asked = await ticketAsked(c, directory);
  if (!asked.ok) return asked.refusal;
  const { stream, ticket } = asked;
  const status = await callObject(() => streamOf(c.env, stream).ticket({ v: PROTOCOL_VERSION, ticket }));
  if (status === null) return refuse("unknown_ticket");
  return Response.json(status, status.state === "waiting" ? { headers: retryAfter(status) } : {});
}

export async function deleteTicket(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const asked = await ticketAsked(c, directory);
  if (!asked.ok) return asked.refusal;
  const { stream, ticket } = asked;
  const left = await callObject(() => streamOf(c.env, stream).leave({ v: PROTOCOL_VERSION, ticket }));
  return left ? c.body(null, 204) : refuse("unknown_ticket");
}

/** HTTP's own header beside the body's `retryAfterMs`, in whole seconds. */
export function retryAfter({ retryAfterMs }: { readonly retryAfterMs?: number }): Record<string, string> {
  return retryAfterMs === undefined ? {} : { "retry-after": `${Math.ceil(retryAfterMs / 1_000)}` };
}

type Asked =
  | { readonly ok: true; readonly stream: string; readonly ticket: string }
  | { readonly ok: false; readonly refusal: Response };

async function ticketAsked(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Asked> {
  const tooOften = await refuseTooOften(c, c.env.REQUEST_LIMITER);
  if (tooOften !== null) return { ok: false, refusal: tooOften };
  const found = await findStream(c, directory);
  if (found.kind === "unknown") return { ok: false, refusal: refuse("unknown_stream") };
  const ticket = c.req.param("ticket");
  if (found.kind === "nothing_registered" || !v.is(Ticket, ticket)) {
    return { ok: false, refusal: refuse("unknown_ticket") };
  }
  return { ok: true, stream: found.name, ticket };
}
