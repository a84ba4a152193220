/** Cloudflare's TURN: a key of the account mints credentials (developers.cloudflare.com/realtime/turn/generate-credentials). */
import * as v from "valibot";
import { callProvider, type ProviderFetch } from "./call-provider.ts";
import { checkIceServers, type TurnProvider } from "./provider.ts";

/** 48 hours. */
const MAX_TTL_SECONDS = 172_800;

export interface CloudflareTurnOptions {
  readonly keyId: string;
  /** The key's API token: a secret. */
  readonly apiToken: string;
  readonly fetch?: ProviderFetch | undefined;
}

/** `iceServers` is a list; older keys' replies have a single object. */
export const IceServersReply = v.object({ iceServers: v.unknown() });

export function cloudflareTurn({ keyId, apiToken, fetch }: CloudflareTurnOptions): TurnProvider {
  const name = "Cloudflare TURN";
  return {
    name,
    maxTtlSeconds: MAX_TTL_SECONDS,
    async mint({ ttlSeconds }) {
      const reply = await callProvider({
        provider: name,
        url: `https://rtc.live.cloudflare.com/v1/turn/keys/${encodeURIComponent(keyId)}/credentials/generate-ice-servers`,
        init: {
          method: "POST",
          headers: { authorization: `Bearer ${apiToken}`, "content-type": "application/json" },
          body: JSON.stringify({ ttl: ttlSeconds }),
        },
        secrets: [apiToken, keyId],
        fetch,
      });
      return { iceServers: checkIceServers(v.is(IceServersReply, reply) ? reply.iceServers : undefined, name) };
    },
  };
}
