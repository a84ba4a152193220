/** The secrets of a connection (RFC 5246 §5, §6.3, §8.1), all from the pseudorandom function on SHA-256. */
import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { RecordKey } from "./record-cipher.ts";

const MASTER_SECRET_LENGTH = 48;
const KEY_LENGTH = 16;
const SALT_LENGTH = 4;
const VERIFY_DATA_LENGTH = 12;

export interface Randoms {
  readonly client: Buffer;
  readonly server: Buffer;
}

function pseudorandom(secret: KeyObject, label: string, seed: Buffer, length: number): Buffer {
  const hmac = (...parts: readonly Buffer[]) => {
    const hash = createHmac("sha256", secret);
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const labelled = Buffer.concat([Buffer.from(label, "latin1"), seed]);
  const blocks: Buffer[] = [];
  let a = labelled;
  for (let made = 0; made < length; made += 32) {
    a = hmac(a);
    blocks.push(hmac(a, labelled));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

const sha256 = (data: Buffer) => createHash("sha256").update(data).digest();

/** `transcript` goes up to the client's key exchange (RFC 7627 §4). */
export function masterSecret(premaster: Buffer, transcript: Buffer): KeyObject {
  const label = "extended master secret";
  return createSecretKey(pseudorandom(createSecretKey(premaster), label, sha256(transcript), MASTER_SECRET_LENGTH));
}

export function recordKeys(master: KeyObject, { client, server }: Randoms): { client: RecordKey; server: RecordKey } {
  const seed = Buffer.concat([server, client]);
  const block = pseudorandom(master, "key expansion", seed, 2 * (KEY_LENGTH + SALT_LENGTH));
  const key = (at: number) => createSecretKey(block.subarray(at, at + KEY_LENGTH));
  const salt = (at: number) => block.subarray(at, at + SALT_LENGTH);
  const salts = 2 * KEY_LENGTH;
  return {
    client: { key: key(0), salt: salt(salts) },
    server: { key: key(KEY_LENGTH), salt: salt(salts + SALT_LENGTH) },
  };
}

/** What a Finished message holds; `transcript` goes up to it. */
export function verifyData(master: KeyObject, side: "client" | "server", transcript: Buffer): Buffer {
  return pseudorandom(master, `${side} finished`, sha256(transcript), VERIFY_DATA_LENGTH);
}

/** Keys for another protocol (RFC 5705), here SRTP. */
export function exportKeys(master: KeyObject, label: string, { client, server }: Randoms, length: number): Buffer {
  return pseudorandom(master, label, Buffer.concat([client, server]), length);
}
