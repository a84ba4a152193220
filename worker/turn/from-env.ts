/** Which provider the operator chose, from the Worker's variables (docs/turn.md). */
import { MIN_TURN_TTL_SECONDS, type TurnVariable, type TurnVariables } from "../../shared/turn.ts";
import type { ProviderFetch } from "./call-provider.ts";
import { cloudflareTurn } from "./cloudflare.ts";
import { coturn } from "./coturn.ts";
import { huggingFaceTurn } from "./hugging-face.ts";
import { TurnFailure, type TurnProvider } from "./provider.ts";
import { staticTurn } from "./source.ts";
import { twilioTurn } from "./twilio.ts";

type Factory = (env: TurnVariables, fetch: ProviderFetch | undefined) => TurnProvider;

const PROVIDERS: Readonly<Record<string, Factory>> = {
  cloudflare: (env, fetch) =>
    cloudflareTurn({
      keyId: need(env, "CLOUDFLARE_TURN_KEY_ID"),
      apiToken: need(env, "CLOUDFLARE_TURN_KEY_API_TOKEN"),
      fetch,
    }),
  huggingface: (env, fetch) => huggingFaceTurn({ token: need(env, "HF_TOKEN"), fetch }),
  twilio: (env, fetch) =>
    twilioTurn({ accountSid: need(env, "TWILIO_ACCOUNT_SID"), authToken: need(env, "TWILIO_AUTH_TOKEN"), fetch }),
  coturn: (env) =>
    coturn({
      urls: urlsOf(need(env, "EDGERTC_TURN_URLS")),
      secret: need(env, "EDGERTC_TURN_SECRET"),
      user: env.EDGERTC_TURN_USER,
    }),
  static: (env) => staticTurn(listOf(need(env, "EDGERTC_TURN_SERVERS")), "EDGERTC_TURN_SERVERS"),
};

/**
 * The provider that a variable names; null for `off`, and where it is not set. Nothing is guessed from which secrets are
 * there: a Twilio account may be meant for telephone calls only.
 * @throws TurnFailure `turn_misconfigured` that says which variable is missing or wrong.
 */
export function providerFromEnv(
  env: TurnVariables,
  variable: "EDGERTC_TURN" | "EDGERTC_TURN_NODES",
  fetch?: ProviderFetch,
): TurnProvider | null {
  const choice = env[variable]?.trim().toLowerCase() ?? "";
  if (choice === "" || choice === "off") return null;
  const factory = Object.hasOwn(PROVIDERS, choice) ? PROVIDERS[choice] : undefined;
  if (factory === undefined) {
    const names = [...Object.keys(PROVIDERS), "off"].join(", ");
    throw new TurnFailure("turn_misconfigured", `${variable} is "${choice.slice(0, 40)}", and not one of ${names}.`);
  }
  return factory(env, fetch);
}

/** @returns seconds, or undefined where the variable is not set. @throws TurnFailure `turn_misconfigured` */
export function ttlFromEnv(
  env: TurnVariables,
  variable: "EDGERTC_TURN_TTL_SECONDS" | "EDGERTC_TURN_NODES_TTL_SECONDS",
): number | undefined {
  const text = env[variable]?.trim() ?? "";
  if (text === "") return undefined;
  const seconds = Number(text);
  if (Number.isSafeInteger(seconds) && seconds >= MIN_TURN_TTL_SECONDS) return seconds;
  throw new TurnFailure(
    "turn_misconfigured",
    `${variable} must be a whole number of seconds, at least ${MIN_TURN_TTL_SECONDS}.`,
  );
}

function need(env: TurnVariables, variable: TurnVariable): string {
  const value = env[variable]?.trim() ?? "";
  if (value === "") throw new TurnFailure("turn_misconfigured", `${variable} is not set.`);
  return value;
}

function urlsOf(list: string): string[] {
  const urls = list.split(/[\s,]+/).filter((url) => url !== "");
  const wrong = urls.find((url) => !/^turns?:[^\s:/]/i.test(url));
  if (wrong === undefined && urls.length > 0) return urls;
  throw new TurnFailure(
    "turn_misconfigured",
    "EDGERTC_TURN_URLS must be like turn:turn.example.com:3478?transport=udp",
  );
}

/** A JSON list of ICE servers, or a whole RTCConfiguration. */
function listOf(json: string): unknown {
  try {
    const parsed: unknown = JSON.parse(json);
    return Array.isArray(parsed) ? { iceServers: parsed } : parsed;
  } catch {
    throw new TurnFailure("turn_misconfigured", "EDGERTC_TURN_SERVERS is no JSON.");
  }
}
