/** AEAD_AES_128_GCM (RFC 7714): encryption and authentication in one. */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { deriveKey, Label, type MasterKey } from "./key-derivation.ts";
import { ENCRYPTED, type Protection, RTCP_CLEAR_LENGTH } from "./protection.ts";

const ALGORITHM = "aes-128-gcm";
const TAG_LENGTH = 16;
const SALT_LENGTH = 12;
const INDEX_LENGTH = 4;

export class AesGcm implements Protection {
  readonly rtpOverhead = TAG_LENGTH;
  // As a KeyObject: a raw key is imported anew for each packet, which costs more than encrypting it.
  readonly #rtpKey: KeyObject;
  readonly #rtpSalt: Buffer;
  readonly #rtcpKey: KeyObject;
  readonly #rtcpSalt: Buffer;
  readonly #nonce = Buffer.alloc(SALT_LENGTH);

  constructor(master: MasterKey) {
    this.#rtpKey = createSecretKey(deriveKey(master, Label.rtpKey, 16));
    this.#rtpSalt = deriveKey(master, Label.rtpSalt, SALT_LENGTH);
    this.#rtcpKey = createSecretKey(deriveKey(master, Label.rtcpKey, 16));
    this.#rtcpSalt = deriveKey(master, Label.rtcpSalt, SALT_LENGTH);
  }

  protectRtp(packet: Buffer, headerLength: number, rollover: number): void {
    const end = packet.length - TAG_LENGTH;
    const cipher = createCipheriv(ALGORITHM, this.#rtpKey, this.#rtpNonce(packet, rollover));
    cipher.setAAD(packet.subarray(0, headerLength));
    cipher.update(packet.subarray(headerLength, end)).copy(packet, headerLength);
    cipher.final();
    cipher.getAuthTag().copy(packet, end);
  }

  unprotectRtp(packet: Buffer, headerLength: number, rollover: number): Buffer | undefined {
    const end = packet.length - TAG_LENGTH;
    if (end < headerLength) return undefined;
    const decipher = createDecipheriv(ALGORITHM, this.#rtpKey, this.#rtpNonce(packet, rollover));
    decipher.setAAD(packet.subarray(0, headerLength));
    decipher.setAuthTag(packet.subarray(end));
    const payload = decipher.update(packet.subarray(headerLength, end));
    return isAuthentic(decipher) ? payload : undefined;
  }

  protectRtcp(packet: Buffer, index: number): Buffer {
    const flagged = Buffer.allocUnsafe(INDEX_LENGTH);
    flagged.writeUInt32BE((index | ENCRYPTED) >>> 0, 0);
    const clear = packet.subarray(0, RTCP_CLEAR_LENGTH);
    const cipher = createCipheriv(ALGORITHM, this.#rtcpKey, this.#rtcpNonce(packet, index));
    cipher.setAAD(Buffer.concat([clear, flagged]));
    const encrypted = cipher.update(packet.subarray(RTCP_CLEAR_LENGTH));
    cipher.final();
    return Buffer.concat([clear, encrypted, cipher.getAuthTag(), flagged]);
  }

  unprotectRtcp(packet: Buffer): Buffer | undefined {
    const index = this.rtcpIndex(packet);
    if (index === undefined) return undefined;
    const tagAt = packet.length - INDEX_LENGTH - TAG_LENGTH;
    const clear = packet.subarray(0, RTCP_CLEAR_LENGTH);
    const flagged = packet.subarray(packet.length - INDEX_LENGTH);
    const decipher = createDecipheriv(ALGORITHM, this.#rtcpKey, this.#rtcpNonce(packet, index));
    decipher.setAAD(Buffer.concat([clear, flagged]));
    decipher.setAuthTag(packet.subarray(tagAt, tagAt + TAG_LENGTH));
    const plain = decipher.update(packet.subarray(RTCP_CLEAR_LENGTH, tagAt));
    return isAuthentic(decipher) ? Buffer.concat([clear, plain]) : undefined;
  }

  rtcpIndex(packet: Buffer): number | undefined {
    if (packet.length < RTCP_CLEAR_LENGTH + TAG_LENGTH + INDEX_LENGTH) return undefined;
    const flagged = packet.readUInt32BE(packet.length - INDEX_LENGTH);
    // One that is authenticated only would need another way to open it; nobody sends such.
    return flagged >= ENCRYPTED ? flagged - ENCRYPTED : undefined;
  }

  /** RFC 7714 §8.1: 00 00, sender, rollover counter, sequence number; exclusive or with the salt. */
  #rtpNonce(packet: Buffer, rollover: number): Buffer {
    const nonce = this.#nonce;
    nonce.writeUInt16BE(0, 0);
    packet.copy(nonce, 2, 8, 12);
    nonce.writeUInt32BE(rollover, 6);
    packet.copy(nonce, 10, 2, 4);
    return xor(nonce, this.#rtpSalt);
  }

  /** RFC 7714 §9.1: 00 00, sender, 00 00, index; exclusive or with the salt. */
  #rtcpNonce(packet: Buffer, index: number): Buffer {
    const nonce = this.#nonce.fill(0);
    packet.copy(nonce, 2, 4, 8);
    nonce.writeUInt32BE(index, 8);
    return xor(nonce, this.#rtcpSalt);
  }
}

function xor(nonce: Buffer, salt: Buffer): Buffer {
  for (let i = 0; i < nonce.length; i++) nonce[i] = (nonce[i] ?? 0) ^ (salt[i] ?? 0);
  return nonce;
}

export function isAuthentic(decipher: { final(): Buffer }): boolean {
  try {
    decipher.final();
    return true;
  } catch {
    // Forged, or damaged on the way.
    return false;
  }
}
