/**
 * One's own coturn (or any server with the "TURN REST API": `use-auth-secret` and `static-auth-secret`): the edge makes the
 * credentials by itself. The username is `<seconds since 1970 at which it ends>:<who>`, the credential is
 * base64(HMAC-SHA1(secret, username)), so server and edge share nothing but the secret.
 */
import { checkIceServers, type TurnProvider } from "./provider.ts";

export interface CoturnOptions {
  /** Such as `turn:turn.example.com:3478?transport=udp`, in the order in which clients get them. */
  readonly urls: readonly string[];
  /** coturn's `static-auth-secret`. */
  readonly secret: string;
  /** In every username, before the stream's name: tells one deployment from another in coturn's log. Default `edgertc`. */
  readonly user?: string | undefined;
  /** Milliseconds since 1970, by the clock that coturn's has to agree with. Default: the system's. */
  readonly nowMs?: () => number;
}

export function coturn({ urls, secret, user = "edgertc", nowMs = Date.now }: CoturnOptions): TurnProvider {
  const name = "coturn";
  return {
    name,
    maxTtlSeconds: Number.POSITIVE_INFINITY,
    async mint({ ttlSeconds, label }) {
      const username = `${Math.floor(nowMs() / 1_000) + ttlSeconds}:${user}-${label}`;
      const credential = await hmacSha1(secret, username);
      return { iceServers: checkIceServers([{ urls: [...urls], username, credential }], name) };
    },
  };
}

/** In base64. SHA-1 is the scheme's; as an HMAC it is not broken. */
async function hmacSha1(secret: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-1" }, false, [
    "sign",
  ]);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(mac)));
}
