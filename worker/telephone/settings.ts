/** What the operator has configured of telephone calls, from the Worker's variables. */
import type { TelephoneProvider } from "../../shared/telephone/call-message.ts";
import { FAREWELL, GREETING } from "../../shared/telephone/instructions.ts";
import { type Env, isOn, isStrict } from "../env.ts";
import { isPlivos, isTelnyxs, isTwilios, type SignedRequest, signerOf } from "./signature.ts";

/** Whom calls are taken from. `signed`: providers whose secret is known. */
export type Openness = "off" | "open" | "signed";

export function opennessOf(env: Env): Openness {
  const choice = env.EDGERTC_TELEPHONE?.trim().toLowerCase() ?? "";
  if (choice === "off" || choice === "open") return choice;
  const secrets = [env.TWILIO_AUTH_TOKEN, env.TELNYX_PUBLIC_KEY, env.PLIVO_AUTH_TOKEN];
  return isStrict(env) || secrets.some((secret) => (secret?.trim() ?? "") !== "") ? "signed" : "open";
}

export function greetingOf({ EDGERTC_TELEPHONE_GREETING: greeting }: Env): string {
  return greeting ?? GREETING;
}

export function farewellOf({ EDGERTC_TELEPHONE_FAREWELL: farewell }: Env): string {
  return farewell ?? FAREWELL;
}

export function resumesCalls({ EDGERTC_TELEPHONE_RESUME: resume }: Env): boolean {
  return isOn(resume);
}

/** What a call through the gateway may last at most, and reserves. */
const GATEWAY_CALL_SECONDS = 600;

/** @returns the default where the variable is no number of seconds. */
export function gatewayCallSeconds({ EDGERTC_GATEWAY_CALL_SECONDS: seconds }: Env): number {
  return /^[1-9]\d{0,5}$/.test(seconds?.trim() ?? "") ? Number(seconds) : GATEWAY_CALL_SECONDS;
}

/** Whether a call's instructions lead to its node and not to the edge: every node has a public wss address then. */
export function mediaAtNode({ EDGERTC_TELEPHONE_MEDIA: media }: Env): boolean {
  return media?.trim().toLowerCase() === "node";
}

/** The provider that signed a request; null where none did, or none whose secret is known. */
export async function verifiedSigner(
  env: Env,
  request: SignedRequest,
  nowMs: number,
): Promise<TelephoneProvider | null> {
  const signer = signerOf(request.headers);
  const secret = signer === null ? "" : (secretOf(env, signer)?.trim() ?? "");
  if (signer === null || secret === "") return null;
  return (await isSigned(signer, request, secret, nowMs)) ? signer : null;
}

function secretOf(env: Env, provider: TelephoneProvider): string | undefined {
  switch (provider) {
    case "twilio":
      return env.TWILIO_AUTH_TOKEN;
    case "telnyx":
      return env.TELNYX_PUBLIC_KEY;
    case "plivo":
      return env.PLIVO_AUTH_TOKEN;
  }
}

function isSigned(
  provider: TelephoneProvider,
  request: SignedRequest,
  secret: string,
  nowMs: number,
): Promise<boolean> {
  switch (provider) {
    case "twilio":
      return isTwilios(request, secret);
    case "telnyx":
      return isTelnyxs(request, secret, nowMs);
    case "plivo":
      return isPlivos(request, secret);
  }
}
