/** AES128_CM_HMAC_SHA1_80 (RFC 3711 §4): a key stream over the payload, a tag of 80 bits over everything. */
import { createCipheriv, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { deriveKey, Label, type MasterKey } from "./key-derivation.ts";
import { ENCRYPTED, type Protection, RTCP_CLEAR_LENGTH } from "./protection.ts";

const TAG_LENGTH = 10;
const SALT_LENGTH = 14;
const INDEX_LENGTH = 4;

export class AesCm implements Protection {
  readonly rtpOverhead = TAG_LENGTH;
  readonly #rtp: Keys;
  readonly #rtcp: Keys;
  readonly #counter = Buffer.alloc(16);
  readonly #rollover = Buffer.alloc(4);

  constructor(master: MasterKey) {
    this.#rtp = keys(master, Label.rtpKey, Label.rtpAuthentication, Label.rtpSalt);
    this.#rtcp = keys(master, Label.rtcpKey, Label.rtcpAuthentication, Label.rtcpSalt);
  }

  protectRtp(packet: Buffer, headerLength: number, rollover: number): void {
    const end = packet.length - TAG_LENGTH;
    this.#cryptRtp(packet.subarray(headerLength, end), packet, rollover).copy(packet, headerLength);
    this.#rtpTag(packet.subarray(0, end), rollover).copy(packet, end);
  }

  unprotectRtp(packet: Buffer, headerLength: number, rollover: number): Buffer | undefined {
    const end = packet.length - TAG_LENGTH;
    if (end < headerLength) return undefined;
    if (!timingSafeEqual(this.#rtpTag(packet.subarray(0, end), rollover), packet.subarray(end))) return undefined;
    return this.#cryptRtp(packet.subarray(headerLength, end), packet, rollover);
  }

  protectRtcp(packet: Buffer, index: number): Buffer {
    const flagged = Buffer.allocUnsafe(INDEX_LENGTH);
    flagged.writeUInt32BE((index | ENCRYPTED) >>> 0, 0);
    const encrypted = this.#cryptRtcp(packet.subarray(RTCP_CLEAR_LENGTH), packet, index);
    const signed = Buffer.concat([packet.subarray(0, RTCP_CLEAR_LENGTH), encrypted, flagged]);
    return Buffer.concat([signed, tag(this.#rtcp, signed)]);
  }

  unprotectRtcp(packet: Buffer): Buffer | undefined {
    const index = this.rtcpIndex(packet);
    if (index === undefined) return undefined;
    const tagAt = packet.length - TAG_LENGTH;
    if (!timingSafeEqual(tag(this.#rtcp, packet.subarray(0, tagAt)), packet.subarray(tagAt))) return undefined;
    const plain = this.#cryptRtcp(packet.subarray(RTCP_CLEAR_LENGTH, tagAt - INDEX_LENGTH), packet, index);
    return Buffer.concat([packet.subarray(0, RTCP_CLEAR_LENGTH), plain]);
  }

  rtcpIndex(packet: Buffer): number | undefined {
    if (packet.length < RTCP_CLEAR_LENGTH + INDEX_LENGTH + TAG_LENGTH) return undefined;
    const flagged = packet.readUInt32BE(packet.length - TAG_LENGTH - INDEX_LENGTH);
    return flagged >= ENCRYPTED ? flagged - ENCRYPTED : undefined;
  }

  /** RFC 3711 §4.1.1: the packet's index is its rollover counter and sequence number. */
  #cryptRtp(data: Buffer, packet: Buffer, rollover: number): Buffer {
    const counter = this.#counter.fill(0);
    packet.copy(counter, 4, 8, 12);
    counter.writeUInt32BE(rollover, 8);
    packet.copy(counter, 12, 2, 4);
    return crypt(this.#rtp, counter, data);
  }

  #cryptRtcp(data: Buffer, packet: Buffer, index: number): Buffer {
    const counter = this.#counter.fill(0);
    packet.copy(counter, 4, 4, 8);
    counter.writeUInt32BE(index >>> 16, 8);
    counter.writeUInt16BE(index & 0xffff, 12);
    return crypt(this.#rtcp, counter, data);
  }

  #rtpTag(signed: Buffer, rollover: number): Buffer {
    this.#rollover.writeUInt32BE(rollover, 0);
    return tag(this.#rtp, signed, this.#rollover);
  }
}

interface Keys {
  readonly encryption: KeyObject;
  readonly authentication: KeyObject;
  readonly salt: Buffer;
}

function keys(master: MasterKey, encryption: number, authentication: number, salt: number): Keys {
  return {
    encryption: createSecretKey(deriveKey(master, encryption, 16)),
    authentication: createSecretKey(deriveKey(master, authentication, 20)),
    salt: deriveKey(master, salt, SALT_LENGTH),
  };
}

function crypt({ encryption, salt }: Keys, counter: Buffer, data: Buffer): Buffer {
  for (let i = 0; i < SALT_LENGTH; i++) counter[i] = (counter[i] ?? 0) ^ (salt[i] ?? 0);
  return createCipheriv("aes-128-ctr", encryption, counter).update(data);
}

function tag({ authentication }: Keys, ...signed: readonly Buffer[]): Buffer {
  const hmac = createHmac("sha1", authentication);
  for (const part of signed) hmac.update(part);
  return hmac.digest().subarray(0, TAG_LENGTH);
}
