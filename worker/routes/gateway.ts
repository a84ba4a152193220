/**
 * The telephone gateway, as providers see it: a call comes in and is asked for its code, which leads to a stream of this edge or
 * to a host of somebody else's; its end is counted. Nobody but an operator is ever handed a call's instructions: who writes them
 * can dial any number on the account that pays.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { streamPath } from "../../shared/ids.ts";
import { CODE_DIGITS, GATEWAY_PATH, GatewayCode } from "../../shared/telephone/gateway.ts";
import {
  askInstruction,
  connectInstruction,
  redirectInstruction,
  refuseInstruction,
} from "../../shared/telephone/instructions.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { gatewayOf } from "../env.ts";
import type { CodeResult, GatewayTarget } from "../ledger/gateway/types.ts";
import { log } from "../log.ts";
import { callObject } from "../objects/call.ts";
import type { GatewayApi } from "../rpc.ts";
import { type CallForm, FINAL_STATUSES, readCallForm } from "../telephone/call-form.ts";
import { nextUrl, type ProviderRequest, publicUrl, readProviderRequest, xml } from "../telephone/provider-request.ts";
import { farewellOf, gatewayCallSeconds, greetingOf } from "../telephone/settings.ts";
import { refuse } from "./reply.ts";
import type { EdgeEnv } from "./types.ts";

/** Codes that one call may try. */
const MAX_TRIES = 3;
/** Without a key for this long, a try is over. */
const KEY_TIMEOUT_SECONDS = 10;

const PROMPT = `Please type the ${CODE_DIGITS} digits of your code.`;
const WRONG = "There is no such code.";
const GOODBYE: Readonly<Record<Extract<CodeResult, { ok: false }>["why"], string>> = {
  wrong_code: "There is no such code. Please check it, and call again. Goodbye.",
  too_many_tries: "There were too many wrong codes. Please try again later. Goodbye.",
  no_minutes: "There are no minutes left for this code. Goodbye.",
};

/** `POST /telephone/gateway/incoming`: asks for the code. */
export async function postGatewayIncoming(c: Context<EdgeEnv>): Promise<Response> {
  const call = await gatewayCall(c);
  return call instanceof Response ? call : askForCode(c, call, 1, PROMPT);
}

/** `POST /telephone/gateway/code?try=<n>`: looks it up, and connects the call. */
export async function postGatewayCode(c: Context<EdgeEnv>): Promise<Response> {
  const call = await gatewayCall(c);
  if (call instanceof Response) return call;
  const { provider, form } = call;
  const { callId, caller, digits: code } = form;
  const maxSeconds = gatewayCallSeconds(c.env);
  const result: CodeResult = v.is(GatewayCode, code)
    ? await callObject(() => call.gateway().enter({ v: PROTOCOL_VERSION, callId, provider, caller, code, maxSeconds }))
    : { ok: false, why: "wrong_code" };
  if (result.ok) {
    log("info", "gateway_call", { callId, provider, kind: result.target.kind });
    return connect(c, call, result.target);
  }
  const tries = /^[1-9]$/.test(c.req.query("try") ?? "") ? Number(c.req.query("try")) : MAX_TRIES;
  log("info", "gateway_code_refused", { callId, provider, why: result.why, try: tries });
  if (result.why !== "wrong_code" || tries >= MAX_TRIES) return xml(refuseInstruction(provider, GOODBYE[result.why]));
  return askForCode(c, call, tries + 1, code === "" ? PROMPT : `${WRONG} ${PROMPT}`);
}

/** `POST /telephone/gateway/status`: what becomes of calls. Only their ends matter. */
export async function postGatewayStatus(c: Context<EdgeEnv>): Promise<Response> {
  const call = await gatewayCall(c);
  if (call instanceof Response) return call;
  const { callId, status, lastedSeconds } = call.form;
  if (FINAL_STATUSES.includes(status)) {
    const end = { v: PROTOCOL_VERSION, callId, atMs: Date.now(), lastedSeconds };
    await callObject(() => call.gateway().ended(end));
  }
  // Telnyx repeats whatever is not answered with 200.
  return c.body("", 200);
}

interface GatewayCall extends ProviderRequest {
  readonly form: CallForm;
  /** A new stub each time. */
  readonly gateway: () => GatewayApi;
}

async function gatewayCall(c: Context<EdgeEnv>): Promise<GatewayCall | Response> {
  const first = gatewayOf(c.env);
  if (first === null) return refuse("gateway_off");
  const request = await readProviderRequest(c, c.env.REQUEST_LIMITER);
  if (request instanceof Response) return request;
  const form = readCallForm(request.body);
  if (form === null) return refuse("invalid_request", "The body is no form of a provider's with a call's id.");
  return { ...request, form, gateway: () => gatewayOf(c.env) ?? first };
}

function askForCode(c: Context<EdgeEnv>, { provider }: GatewayCall, tries: number, prompt: string): Response {
  const url = nextUrl(c, `${baseOf(c)}${GATEWAY_PATH}/code`, { try: String(tries) });
  const ask = { prompt, digits: CODE_DIGITS, timeoutSeconds: KEY_TIMEOUT_SECONDS, url };
  return xml(askInstruction(provider, ask));
}

function connect(c: Context<EdgeEnv>, { provider }: GatewayCall, { kind, target }: GatewayTarget): Response {
  switch (kind) {
    case "stream":
      // It goes on as any call of the stream's, and is told apart by this.
      return xml(
        redirectInstruction(nextUrl(c, `${baseOf(c)}${streamPath(target)}/telephone/incoming`, { gateway: "1" })),
      );
    case "incoming": {
      const url = new URL(`https://${target}/telephone/incoming`);
      // FastRTC answers in Twilio's words, whoever asks.
      if (provider !== "twilio") url.searchParams.set("provider", provider);
      return xml(redirectInstruction(url.href));
    }
    case "media": {
      const url = `wss://${target}/telephone/handler`;
      return xml(connectInstruction(provider, { url, greeting: greetingOf(c.env), farewell: farewellOf(c.env) }));
    }
  }
}

/** Where the edge is mounted. */
function baseOf(c: Context<EdgeEnv>): string {
  const { pathname } = publicUrl(c);
  return pathname.slice(0, pathname.indexOf(GATEWAY_PATH));
}
