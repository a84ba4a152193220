/** One request to a TURN provider's API. */
import { askProvider, type ProviderCall } from "../provider-call.ts";
import { TurnFailure } from "./provider.ts";

export { PROVIDER_TIMEOUT_MS, type ProviderFetch } from "../provider-call.ts";

/**
 * @returns the reply's JSON.
 * @throws TurnFailure `turn_refused` where repeating is useless, else `turn_unavailable`.
 */
export async function callProvider(call: ProviderCall): Promise<unknown> {
  const reply = await askProvider(call);
  if (!reply.ok) throw new TurnFailure(`turn_${reply.fault}`, reply.detail);
  if (reply.json === undefined) throw new TurnFailure("turn_unavailable", `${call.provider} answered no JSON.`);
  return reply.json;
}
