/**
 * An account at a telephone provider: makes calls, ends them, and sends them elsewhere, over the provider's REST interface. The
 * provider then asks the edge for the call's instructions, as it does for calls that come in.
 */
import * as v from "valibot";
import type { TelephoneProvider } from "../../shared/telephone/call-message.ts";
import type { TelephoneVariable, TelephoneVariables } from "../../shared/telephone/variables.ts";
import { askProvider, type ProviderFetch } from "../provider-call.ts";

/** Why a call could not be made, or be changed: an error of the catalogue, and what the provider says. */
export class TelephoneFailure extends Error {
  override readonly name = "TelephoneFailure";
  readonly code: "telephone_not_configured" | "telephone_refused" | "telephone_unavailable";

  constructor(code: TelephoneFailure["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export interface OutgoingCall {
  /** E.164: `+14155550100`. */
  readonly to: string;
  readonly from: string;
  /** Asked for the call's instructions when it is answered. */
  readonly url: string;
}

export interface TelephoneAccount {
  readonly provider: TelephoneProvider;
  /** @returns the provider's name of the call. @throws TelephoneFailure */
  call(call: OutgoingCall): Promise<string>;
  /** Ends a call. @throws TelephoneFailure, also where it has ended. */
  hangUp(callId: string): Promise<void>;
  /** Has a call ask for new instructions. @throws TelephoneFailure */
  redirect(callId: string, url: string): Promise<void>;
}

/**
 * The account that the Worker's variables name: that of EDGERTC_TELEPHONE_PROVIDER, or the only one there is.
 * @throws TelephoneFailure `telephone_not_configured` that says what is missing.
 */
export function accountOf(env: TelephoneVariables, fetch?: ProviderFetch): TelephoneAccount {
  const named = env.EDGERTC_TELEPHONE_PROVIDER?.trim().toLowerCase() ?? "";
  if (named !== "" && !isProvider(named)) {
    throw new TelephoneFailure(
      "telephone_not_configured",
      "EDGERTC_TELEPHONE_PROVIDER is none of twilio, telnyx, plivo.",
    );
  }
  const complete = PROVIDERS.filter((provider) => NEEDED[provider].every((name) => variable(env, name) !== ""));
  const provider = isProvider(named) ? named : complete[0];
  if (provider === undefined || (named === "" && complete.length > 1)) {
    const why =
      provider === undefined
        ? "No telephone account is set."
        : "Several accounts are set: EDGERTC_TELEPHONE_PROVIDER says which.";
    throw new TelephoneFailure("telephone_not_configured", why);
  }
  const missing = NEEDED[provider].filter((name) => variable(env, name) === "");
  if (missing.length > 0)
    throw new TelephoneFailure("telephone_not_configured", `${missing.join(" and ")} is not set.`);
  return ACCOUNTS[provider](env, fetch);
}

const PROVIDERS: readonly TelephoneProvider[] = ["twilio", "telnyx", "plivo"];
const isProvider = (name: string): name is TelephoneProvider => PROVIDERS.some((provider) => provider === name);

const NEEDED: Readonly<Record<TelephoneProvider, readonly TelephoneVariable[]>> = {
  twilio: ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"],
  telnyx: ["TELNYX_API_KEY", "TELNYX_ACCOUNT_SID", "TELNYX_APPLICATION_SID"],
  plivo: ["PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN"],
};

const variable = (env: TelephoneVariables, name: TelephoneVariable): string => env[name]?.trim() ?? "";

type Factory = (env: TelephoneVariables, fetch: ProviderFetch | undefined) => TelephoneAccount;

/** https://www.twilio.com/docs/voice/api/call-resource */
const twilio: Factory = (env, fetch) => {
  const sid = variable(env, "TWILIO_ACCOUNT_SID");
  const token = variable(env, "TWILIO_AUTH_TOKEN");
  const base = `https://api.twilio.com/2010-04-01/Accounts/${encodeURIComponent(sid)}/Calls`;
  const post = (url: string, form: Record<string, string>) =>
    ask("Twilio", url, formInit(basic(sid, token), form), [token], fetch);
  return {
    provider: "twilio",
    call: async ({ to, from, url }) =>
      idIn(await post(`${base}.json`, { To: to, From: from, Url: url, Method: "POST" }), "sid"),
    hangUp: async (id) => {
      await post(`${base}/${encodeURIComponent(id)}.json`, { Status: "completed" });
    },
    redirect: async (id, url) => {
      await post(`${base}/${encodeURIComponent(id)}.json`, { Url: url, Method: "POST" });
    },
  };
};

/** https://developers.telnyx.com/api-reference/texml-rest-commands */
const telnyx: Factory = (env, fetch) => {
  const key = variable(env, "TELNYX_API_KEY");
  const application = variable(env, "TELNYX_APPLICATION_SID");
  const base = `https://api.telnyx.com/v2/texml/Accounts/${encodeURIComponent(variable(env, "TELNYX_ACCOUNT_SID"))}/Calls`;
  const post = (url: string, form: Record<string, string>) =>
    ask("Telnyx", url, formInit(`Bearer ${key}`, form), [key], fetch);
  return {
    provider: "telnyx",
    call: async ({ to, from, url }) =>
      idIn(await post(base, { ApplicationSid: application, To: to, From: from, Url: url, UrlMethod: "POST" }), "sid"),
    hangUp: async (id) => {
      await post(`${base}/${encodeURIComponent(id)}`, { Status: "completed" });
    },
    redirect: async (id, url) => {
      await post(`${base}/${encodeURIComponent(id)}`, { Url: url, Method: "POST" });
    },
  };
};

/** https://www.plivo.com/docs/voice/api/call */
const plivo: Factory = (env, fetch) => {
  const id = variable(env, "PLIVO_AUTH_ID");
  const token = variable(env, "PLIVO_AUTH_TOKEN");
  const base = `https://api.plivo.com/v1/Account/${encodeURIComponent(id)}/Call`;
  const send = (method: string, url: string, body?: object) => {
    const headers = { authorization: basic(id, token), "content-type": "application/json" };
    return ask(
      "Plivo",
      url,
      { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
      [token],
      fetch,
    );
  };
  return {
    provider: "plivo",
    call: async ({ to, from, url }) =>
      idIn(await send("POST", `${base}/`, { to, from, answer_url: url, answer_method: "POST" }), "request_uuid"),
    hangUp: async (uuid) => {
      await send("DELETE", `${base}/${encodeURIComponent(uuid)}/`);
    },
    redirect: async (uuid, url) => {
      await send("POST", `${base}/${encodeURIComponent(uuid)}/`, { legs: "aleg", aleg_url: url, aleg_method: "POST" });
    },
  };
};

const ACCOUNTS: Readonly<Record<TelephoneProvider, Factory>> = { twilio, telnyx, plivo };

const basic = (user: string, password: string): string => `Basic ${btoa(`${user}:${password}`)}`;

function formInit(authorization: string, form: Record<string, string>): RequestInit {
  return {
    method: "POST",
    headers: { authorization, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  };
}

async function ask(
  provider: string,
  url: string,
  init: RequestInit,
  secrets: readonly string[],
  fetch: ProviderFetch | undefined,
): Promise<unknown> {
  const reply = await askProvider({ provider, url, init, secrets, fetch });
  if (!reply.ok) throw new TelephoneFailure(`telephone_${reply.fault}`, reply.detail);
  return reply.json;
}

function idIn(json: unknown, field: "sid" | "request_uuid"): string {
  const parsed = v.safeParse(v.looseObject({ [field]: v.pipe(v.string(), v.minLength(1)) }), json);
  const id = parsed.success ? parsed.output[field] : undefined;
  if (typeof id === "string") return id;
  throw new TelephoneFailure("telephone_unavailable", `The provider's reply has no ${field}.`);
}
