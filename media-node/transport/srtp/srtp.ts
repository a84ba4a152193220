/** SRTP in both directions (RFC 3711): protects what goes out, opens what comes in, and takes no packet twice. */
import { ReplayWindow } from "../replay-window.ts";
import { AesCm } from "./aes-cm.ts";
import { AesGcm } from "./aes-gcm.ts";
import type { MasterKey } from "./key-derivation.ts";
import { type Protection, RTCP_CLEAR_LENGTH } from "./protection.ts";
import { rtpHeaderLength } from "./rtp-header.ts";

/** Senders followed at most on one transport: ours have one track, a browser's camera a handful. */
const MAX_SENDERS = 32;
const SEQUENCE_NUMBERS = 0x10000;
const RTCP_INDICES = 0x80000000;

export type SrtpProfileName = "AEAD_AES_128_GCM" | "AES128_CM_HMAC_SHA1_80";

/** Of the keying material that DTLS exports (RFC 5764 §4.2). */
const SALT_LENGTHS: Readonly<Record<SrtpProfileName, number>> = { AEAD_AES_128_GCM: 12, AES128_CM_HMAC_SHA1_80: 14 };
const KEY_LENGTH = 16;

/** Bytes of keying material a profile needs. */
export function keyingLength(profile: SrtpProfileName): number {
  return 2 * (KEY_LENGTH + SALT_LENGTHS[profile]);
}

interface Incoming {
  readonly window: ReplayWindow;
  /** Highest index authenticated: rollover counter and sequence number. */
  highest: number;
}

export class Srtp {
  readonly #outgoing: Protection;
  readonly #incoming: Protection;
  readonly #sentTo = new Map<number, number>();
  readonly #senders = new Map<number, Incoming>();
  readonly #rtcpWindows = new Map<number, ReplayWindow>();
  #rtcpIndex = 0;

  /** For the server of the DTLS connection: the client's keys open what comes in. */
  constructor(profile: SrtpProfileName, keying: Buffer) {
    const salt = SALT_LENGTHS[profile];
    const salts = 2 * KEY_LENGTH;
    const client = { key: keying.subarray(0, KEY_LENGTH), salt: keying.subarray(salts, salts + salt) };
    const server = { key: keying.subarray(KEY_LENGTH, salts), salt: keying.subarray(salts + salt, salts + 2 * salt) };
    this.#incoming = protection(profile, client);
    this.#outgoing = protection(profile, server);
  }

  /** Bytes to leave free behind a packet given to {@link protectRtp}. */
  get rtpOverhead(): number {
    return this.#outgoing.rtpOverhead;
  }

  /** Protects in place. Packets of a sender must come in the order of their sequence numbers. */
  protectRtp(packet: Buffer, headerLength: number): void {
    const sender = packet.readUInt32BE(8);
    const sequenceNumber = packet.readUInt16BE(2);
    const last = this.#sentTo.get(sender);
    const index = last === undefined ? sequenceNumber : nearestIndex(last, sequenceNumber);
    if (last === undefined || index > last) this.#sentTo.set(sender, index);
    this.#outgoing.protectRtp(packet, headerLength, Math.floor(index / SEQUENCE_NUMBERS));
  }

  /** The payload of a packet; undefined where it is malformed, not authentic, old or a copy. */
  unprotectRtp(packet: Buffer): Buffer | undefined {
    const headerLength = rtpHeaderLength(packet);
    if (headerLength === undefined) return undefined;
    const sender = packet.readUInt32BE(8);
    const sequenceNumber = packet.readUInt16BE(2);
    const known = this.#senders.get(sender);
    const index = known === undefined ? sequenceNumber : nearestIndex(known.highest, sequenceNumber);
    if (known !== undefined && !known.window.allows(index)) return undefined;
    const payload = this.#incoming.unprotectRtp(packet, headerLength, Math.floor(index / SEQUENCE_NUMBERS));
    if (payload === undefined) return undefined;
    const state = known ?? this.#follow(sender, index);
    state?.window.add(index);
    if (state !== undefined && index > state.highest) state.highest = index;
    return payload;
  }

  protectRtcp(packet: Buffer): Buffer {
    this.#rtcpIndex = (this.#rtcpIndex + 1) % RTCP_INDICES;
    return this.#outgoing.protectRtcp(packet, this.#rtcpIndex);
  }

  /** The plain compound packet; undefined where it is malformed, not authentic, old or a copy. */
  unprotectRtcp(packet: Buffer): Buffer | undefined {
    const index = this.#incoming.rtcpIndex(packet);
    if (index === undefined || packet.length < RTCP_CLEAR_LENGTH) return undefined;
    const sender = packet.readUInt32BE(4);
    const known = this.#rtcpWindows.get(sender);
    if (known !== undefined && !known.allows(index)) return undefined;
    const plain = this.#incoming.unprotectRtcp(packet);
    if (plain === undefined) return undefined;
    const window = known ?? new ReplayWindow();
    window.add(index);
    if (this.#rtcpWindows.size < MAX_SENDERS) this.#rtcpWindows.set(sender, window);
    return plain;
  }

  /** Past the limit a sender is opened, but not followed: it cannot be told from one that wraps. */
  #follow(sender: number, index: number): Incoming | undefined {
    if (this.#senders.size >= MAX_SENDERS) return undefined;
    const state = { window: new ReplayWindow(), highest: index };
    this.#senders.set(sender, state);
    return state;
  }
}

function protection(profile: SrtpProfileName, master: MasterKey): Protection {
  return profile === "AEAD_AES_128_GCM" ? new AesGcm(master) : new AesCm(master);
}

/** The index with this sequence number that is nearest to the highest one so far (RFC 3711 §3.3.1). */
function nearestIndex(highest: number, sequenceNumber: number): number {
  const inCycle = highest - (highest % SEQUENCE_NUMBERS) + sequenceNumber;
  const half = SEQUENCE_NUMBERS / 2;
  if (inCycle - highest > half && inCycle >= SEQUENCE_NUMBERS) return inCycle - SEQUENCE_NUMBERS;
  return highest - inCycle > half ? inCycle + SEQUENCE_NUMBERS : inCycle;
}
