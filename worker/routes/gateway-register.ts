/** Registering with the telephone gateway, in FastRTC's wire format: an address gets a code, and gives it back. */
import type { Context } from "hono";
import * as v from "valibot";
import { MIN_ADMIN_TOKEN_CHARS } from "../../shared/admin.ts";
import { type RegisterReply, RegisterRequest, UnregisterRequest } from "../../shared/telephone/gateway.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { gatewayOf } from "../env.ts";
import type { GatewayTarget } from "../ledger/gateway/types.ts";
import { log } from "../log.ts";
import { callObject } from "../objects/call.ts";
import { readBody } from "../offer/read-body.ts";
import type { GatewayApi } from "../rpc.ts";
import { keyDigest } from "../telephone/gateway-key.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse } from "./reply.ts";
import { bearerOf, sameSecret } from "./secret.ts";
import type { EdgeEnv } from "./types.ts";

const MAX_BODY_BYTES = 4 * 1024;

/** A calendar month at its longest: what is told of a quota that has no end. */
const MONTH_SECONDS = 31 * 24 * 60 * 60;

export async function postRegister(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const asked = await read(c, RegisterRequest, 'The body is {"url": "host.example"}; a port or an address is no host.');
  if (asked instanceof Response) return asked;
  const { body, digest, gateway } = asked;
  if ("stream" in body) {
    if (digest !== null)
      return refuse("gateway_unauthorized", "Only operators register streams of the gateway's own edge.");
    if ((await directory.lookup(c.env, body.stream)).kind === "unknown") return refuse("unknown_stream");
  }
  const target = targetOf(body, digest);
  const done = await callObject(() => gateway().register({ v: PROTOCOL_VERSION, digest, target }));
  if (!done.ok) return refuse(REFUSALS[done.why]);
  log("info", "gateway_registered", { ...target });
  return c.json({
    code: done.code,
    phone: c.env.EDGERTC_GATEWAY_NUMBER?.trim() ?? "",
    reset_date: done.resetDate,
    time_remaining: done.remainingSeconds ?? MONTH_SECONDS,
  } satisfies RegisterReply);
}

export async function postUnregister(c: Context<EdgeEnv>): Promise<Response> {
  const asked = await read(c, UnregisterRequest, 'The body is {"url": "host.example", "code": "123456"}.');
  if (asked instanceof Response) return asked;
  const { body, digest, gateway } = asked;
  const done = await callObject(() => gateway().unregister({ v: PROTOCOL_VERSION, digest, code: body.code }));
  if (done === "unknown_key") return refuse("gateway_unauthorized");
  return done ? c.json({ status: "success" }) : refuse("unknown_code");
}

const REFUSALS = {
  unknown_key: "gateway_unauthorized",
  no_minutes: "gateway_minutes_used",
  too_many_codes: "gateway_full",
} as const;

/** Whoever has a key gets calls' audio; a host that an operator registers is the operator's own, and writes the instructions. */
function targetOf(body: RegisterRequest, digest: string | null): GatewayTarget {
  if ("stream" in body) return { kind: "stream", target: body.stream };
  return { kind: digest === null ? "incoming" : "media", target: body.url };
}

interface Asked<Body> {
  readonly body: Body;
  /** Of the key that it came with; null is the operators' token. */
  readonly digest: string | null;
  readonly gateway: () => GatewayApi;
}

async function read<Schema extends v.GenericSchema>(
  c: Context<EdgeEnv>,
  schema: Schema,
  shape: string,
): Promise<Asked<v.InferOutput<Schema>> | Response> {
  const first = gatewayOf(c.env);
  if (first === null) return refuse("gateway_off");
  const tooOften = await refuseTooOften(c, c.env.REQUEST_LIMITER);
  if (tooOften !== null) return tooOften;
  const header = c.req.header("authorization") ?? "";
  // FastRTC's client sends the bare token.
  const given = bearerOf(header) ?? header.trim();
  if (given === "") return refuse("gateway_unauthorized");
  const text = await readBody(c.req.raw, MAX_BODY_BYTES);
  if (text === null) return refuse("body_too_large");
  const body = v.safeParse(schema, parseJson(text));
  if (!body.success) return refuse("invalid_request", shape);
  const admin = c.env.EDGERTC_ADMIN_TOKEN ?? "";
  const isOperator = admin.length >= MIN_ADMIN_TOKEN_CHARS && (await sameSecret(given, admin));
  const digest = isOperator ? null : await keyDigest(given);
  return { body: body.output, digest, gateway: () => gatewayOf(c.env) ?? first };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
