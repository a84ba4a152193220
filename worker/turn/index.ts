/**
 * TURN for apps that configure it in code: providers to hand to `createApp`, and FastRTC's credential functions.
 *
 * @example
 * ```ts
 * createApp({ turn: { rtcConfiguration: coturn({ urls: ["turn:turn.example.com:3478"], secret: env.SECRET }) } });
 * ```
 */
import type { RtcConfiguration } from "../../shared/descriptor.ts";
import { DEFAULT_TURN_TTL_SECONDS } from "../../shared/turn.ts";
import { cloudflareTurn } from "./cloudflare.ts";
import { huggingFaceTurn } from "./hugging-face.ts";
import type { TurnProvider } from "./provider.ts";
import { twilioTurn } from "./twilio.ts";

export type { CloudflareTurnOptions } from "./cloudflare.ts";
export { cloudflareTurn } from "./cloudflare.ts";
export type { CoturnOptions } from "./coturn.ts";
export { coturn } from "./coturn.ts";
export type { HuggingFaceTurnOptions } from "./hugging-face.ts";
export { huggingFaceTurn } from "./hugging-face.ts";
export type { MintedConfiguration, MintRequest, TurnProvider } from "./provider.ts";
export { TurnFailure } from "./provider.ts";
export type { TurnOptions } from "./service.ts";
export type { RtcConfigurationFunction, RtcConfigurationRequest, RtcConfigurationSource } from "./source.ts";
export type { TwilioTurnOptions } from "./twilio.ts";
export { twilioTurn } from "./twilio.ts";

/** What FastRTC's functions take: the secret of one provider, and how long the credentials are to be valid. */
interface Validity {
  /** Seconds. Default 600; more than the provider takes becomes its maximum. */
  readonly ttl?: number;
}

/**
 * FastRTC's `get_cloudflare_turn_credentials`: with a Hugging Face token from FastRTC's service, else with a key of one's own.
 * @throws TurnFailure `turn_refused`, `turn_unavailable`
 */
export function getCloudflareTurnCredentials(
  options: Validity & ({ readonly hfToken: string } | { readonly turnKeyId: string; readonly turnKeyApiToken: string }),
): Promise<RtcConfiguration> {
  const provider =
    "hfToken" in options
      ? huggingFaceTurn({ token: options.hfToken })
      : cloudflareTurn({ keyId: options.turnKeyId, apiToken: options.turnKeyApiToken });
  return mint(provider, options);
}

/** FastRTC's `get_twilio_turn_credentials`. @throws TurnFailure `turn_refused`, `turn_unavailable` */
export function getTwilioTurnCredentials(
  options: Validity & { readonly twilioSid: string; readonly twilioToken: string },
): Promise<RtcConfiguration> {
  return mint(twilioTurn({ accountSid: options.twilioSid, authToken: options.twilioToken }), options);
}

function mint(provider: TurnProvider, { ttl = DEFAULT_TURN_TTL_SECONDS }: Validity): Promise<RtcConfiguration> {
  return provider.mint({ ttlSeconds: Math.min(ttl, provider.maxTtlSeconds ?? ttl), label: "app" });
}
