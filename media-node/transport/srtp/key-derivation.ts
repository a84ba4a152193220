/** Session keys of SRTP from the master key (RFC 3711 §4.3): a key stream of AES, started at a label for each purpose. */
import { createCipheriv } from "node:crypto";

export const Label = {
  rtpKey: 0,
  rtpAuthentication: 1,
  rtpSalt: 2,
  rtcpKey: 3,
  rtcpAuthentication: 4,
  rtcpSalt: 5,
} as const;

export interface MasterKey {
  /** 16 bytes. */
  readonly key: Buffer;
  /** 14 bytes, or 12 for AES-GCM (RFC 7714 §11). */
  readonly salt: Buffer;
}

export function deriveKey({ key, salt }: MasterKey, label: number, length: number): Buffer {
  const start = Buffer.alloc(16);
  salt.copy(start);
  start[7] = (start[7] ?? 0) ^ label;
  return createCipheriv("aes-128-ctr", key, start).update(Buffer.alloc(length));
}
