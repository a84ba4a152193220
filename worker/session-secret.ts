/**
 * A session's own secret, for strict edges: handed out with the answer, it proves that a request for the session comes from
 * whoever got the answer. Nobody stores it: it is the session's id, signed with a key that only the edge has.
 */

import * as v from "valibot";
import { SessionId } from "../shared/ids.ts";
import type { Env } from "./env.ts";

/** Whose secret it is. Ids of clients are used again; a secret is one incarnation's. */
export interface SecretOf {
  readonly stream: string;
  readonly clientId: string;
  readonly sid: string;
}

/** `<sid>.<signature>`: 122 random bits, and 256 bits that nobody else can make of them. */
const SHAPE = /^(s_[0-9a-f]{32})\.([0-9a-f]{64})$/;

export async function sessionSecret(env: Env, session: SecretOf): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await keyOf(env), bytesOf(session));
  const hex = [...new Uint8Array(signature)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${session.sid}.${hex}`;
}

/** @returns the `sid` of the session that the secret is of; null if it is none of this stream and client id. */
export async function sidOfSecret(
  env: Env,
  secret: string,
  { stream, clientId }: Omit<SecretOf, "sid">,
): Promise<string | null> {
  const [, sid, hex = ""] = SHAPE.exec(secret) ?? [];
  if (!v.is(SessionId, sid)) return null;
  const signature = new Uint8Array((hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
  const key = await keyOf(env);
  // A session that got its client id after its secret had its sid in place of it. It is one session either way.
  for (const signed of [clientId, sid]) {
    const message = bytesOf({ stream, clientId: signed, sid });
    // Compares in a time that tells nothing.
    if (await crypto.subtle.verify("HMAC", key, signature, message)) return sid;
  }
  return null;
}

const encoder = new TextEncoder();

/** A list, so that no two sessions are written the same way. */
function bytesOf({ stream, clientId, sid }: SecretOf): Uint8Array {
  return encoder.encode(JSON.stringify(["edgertc session secret", stream, clientId, sid]));
}

/** @throws without a node secret: no node could have answered then. */
async function keyOf({ EDGERTC_NODE_SECRET: secret }: Env): Promise<CryptoKey> {
  if (secret === undefined || secret === "") throw new Error("no EDGERTC_NODE_SECRET to sign session secrets with");
  // The media nodes have the secret, too; they hold every session anyway.
  return await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
}
