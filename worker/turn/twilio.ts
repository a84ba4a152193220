/** Twilio's Network Traversal Service: a token of the account carries the servers (twilio.com/docs/stun-turn/api). */
import * as v from "valibot";
import { callProvider, type ProviderFetch } from "./call-provider.ts";
import { checkIceServers, type TurnProvider } from "./provider.ts";

/** 24 hours. */
const MAX_TTL_SECONDS = 86_400;

export interface TwilioTurnOptions {
  readonly accountSid: string;
  /** A secret. */
  readonly authToken: string;
  readonly fetch?: ProviderFetch | undefined;
}

/** As much of a Token resource as is used. */
const Token = v.object({ ice_servers: v.unknown() });

/** Clients may use nothing but the relay (`iceTransportPolicy`), as with FastRTC's `get_twilio_turn_credentials`. */
export function twilioTurn({ accountSid, authToken, fetch }: TwilioTurnOptions): TurnProvider {
  const name = "Twilio TURN";
  return {
    name,
    maxTtlSeconds: MAX_TTL_SECONDS,
    async mint({ ttlSeconds }) {
      const reply = await callProvider({
        provider: name,
        url: `https://api.twilio.com/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Tokens.json`,
        init: {
          method: "POST",
          headers: {
            authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}`,
            "content-type": "application/x-www-form-urlencoded",
          },
          body: new URLSearchParams({ Ttl: String(ttlSeconds) }).toString(),
        },
        secrets: [authToken, accountSid],
        fetch,
      });
      const iceServers = checkIceServers(v.is(Token, reply) ? reply.ice_servers : undefined, name);
      return { iceServers, iceTransportPolicy: "relay" };
    },
  };
}
