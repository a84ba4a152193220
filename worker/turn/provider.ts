/** What a source of TURN credentials is: something that mints ICE servers for one client at a time. */
import * as v from "valibot";
import type { RtcConfiguration } from "../../shared/descriptor.ts";
import { EdgeRtcError, type ErrorCode } from "../../shared/errors.ts";
import { BoundedIceServers, hasTurnServer, type IceServers } from "../../shared/turn.ts";

/** What is asked of a provider. */
export interface MintRequest {
  /** Seconds that the credentials are to be valid; within the provider's maximum. */
  readonly ttlSeconds: number;
  /** Whom they are for, such as `echo-5f1c9a07`: goes into the username where the edge makes it. */
  readonly label: string;
}

/** A configuration whose servers were checked. */
export interface MintedConfiguration extends RtcConfiguration {
  readonly iceServers: IceServers;
}

export interface TurnProvider {
  /** For people: in errors and logs. */
  readonly name: string;
  /** The longest validity it takes. Infinity: any. Null: its credentials do not expire. */
  readonly maxTtlSeconds: number | null;
  /** @throws TurnFailure that says what went wrong, without a secret in it. */
  mint(request: MintRequest): Promise<MintedConfiguration>;
}

/** Why there are no credentials, as an entry of the catalogue and a sentence. Neither contains a secret. */
export class TurnFailure extends EdgeRtcError {
  /** The sentence alone, without the catalogue's fix behind it. */
  readonly detail: string;

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(code, detail, options);
    this.detail = detail;
  }
}

/**
 * Browsers refuse to send to port 53, the DNS port that Cloudflare and others also listen on, and wait for each such URL
 * in vain.
 */
const BLOCKED_PORT = /:53(?:\?|$)/;

/** `url` is what W3C drafts called `urls`; Twilio still sends both. */
const LooseServer = v.object({
  urls: v.union([v.string(), v.array(v.string())]),
  username: v.nullish(v.string()),
  credential: v.nullish(v.string()),
});
const LooseServers = v.union([v.array(LooseServer), LooseServer]);

/**
 * Checks a provider's list: one server or several, of which at least one relays, with a username and a credential.
 * @throws TurnFailure `turn_unavailable`: a list that cannot relay is never passed on as if it could.
 */
export function checkIceServers(raw: unknown, provider: string): IceServers {
  const loose = v.safeParse(LooseServers, raw);
  if (!loose.success) throw new TurnFailure("turn_unavailable", `${provider} answered no list of ICE servers.`);
  const servers = [loose.output].flat().flatMap(({ urls, username, credential }) => {
    const usable = [urls].flat().filter((url) => !BLOCKED_PORT.test(url));
    if (usable.length === 0) return [];
    return [{ urls: usable, ...(username ? { username } : {}), ...(credential ? { credential } : {}) }];
  });
  const checked = v.safeParse(BoundedIceServers, servers);
  if (!checked.success) throw new TurnFailure("turn_unavailable", `${provider} answered ICE servers nobody can use.`);
  if (!hasTurnServer(checked.output)) {
    throw new TurnFailure("turn_unavailable", `${provider} answered a list without a TURN server.`);
  }
  const open = checked.output.filter(({ username, credential }) => username === undefined || credential === undefined);
  if (hasTurnServer(open)) {
    throw new TurnFailure("turn_unavailable", `${provider} answered a TURN server without a username or credential.`);
  }
  return checked.output;
}
