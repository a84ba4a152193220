/** Keys of the telephone gateway: shown once, when they are made. The gateway knows their digests only. */

/** 256 random bits, with a mark by which a key that got lost is recognised. */
export function newGatewayKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `gk_${hex(bytes)}`;
}

/** SHA-256, in hexadecimal: enough for a key that nobody can guess. */
export async function keyDigest(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return hex(new Uint8Array(digest));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
