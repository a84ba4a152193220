/** FastRTC's credential service: Cloudflare's TURN servers for a Hugging Face token, 10 GB a month free. */
import * as v from "valibot";
import { callProvider, type ProviderFetch } from "./call-provider.ts";
import { IceServersReply } from "./cloudflare.ts";
import { checkIceServers, type TurnProvider } from "./provider.ts";

/** The service states none; Cloudflare, which it asks, takes 48 hours. */
const MAX_TTL_SECONDS = 172_800;

export interface HuggingFaceTurnOptions {
  /** A Hugging Face access token: a secret. */
  readonly token: string;
  readonly fetch?: ProviderFetch | undefined;
}

export function huggingFaceTurn({ token, fetch }: HuggingFaceTurnOptions): TurnProvider {
  const name = "Hugging Face TURN (turn.fastrtc.org)";
  return {
    name,
    maxTtlSeconds: MAX_TTL_SECONDS,
    async mint({ ttlSeconds }) {
      const reply = await callProvider({
        provider: name,
        url: `https://turn.fastrtc.org/credentials?ttl=${ttlSeconds}`,
        init: { method: "GET", headers: { authorization: `Bearer ${token}` } },
        secrets: [token],
        fetch,
      });
      return { iceServers: checkIceServers(v.is(IceServersReply, reply) ? reply.iceServers : undefined, name) };
    },
  };
}
