import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { RtpHeader, SrtcpSession, SrtpSession } from "werift";
import { deriveKey, Label } from "./key-derivation.ts";
import { keyingLength, Srtp, type SrtpProfileName } from "./srtp.ts";

const PROFILES = [
  { name: "AEAD_AES_128_GCM", weriftId: 7, salt: 12 },
  { name: "AES128_CM_HMAC_SHA1_80", weriftId: 1, salt: 14 },
] as const satisfies readonly { name: SrtpProfileName; weriftId: 1 | 7; salt: number }[];

describe("key derivation", () => {
  it("gives the session keys of RFC 3711, appendix B.3", () => {
    const master = {
      key: Buffer.from("E1F97A0D3E018BE0D64FA32C06DE4139", "hex"),
      salt: Buffer.from("0EC675AD498AFEEBB6960B3AABE6", "hex"),
    };
    const hex = (label: number, length: number) => deriveKey(master, label, length).toString("hex").toUpperCase();
    expect(hex(Label.rtpKey, 16)).toBe("C61E7A93744F39EE10734AFE3FF7A087");
    expect(hex(Label.rtpSalt, 14)).toBe("30CBBC08863D8C85D49DB34A9AE1");
    expect(hex(Label.rtpAuthentication, 20)).toBe("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
  });
});

describe.each(PROFILES)("SRTP with $name", ({ name, weriftId, salt }) => {
  /** Our side, and a client made of werift's sessions. */
  function connect() {
    const keying = randomBytes(keyingLength(name));
    const at = (index: number, length: number) => keying.subarray(index, index + length);
    const keys = {
      localMasterKey: at(0, 16),
      localMasterSalt: at(32, salt),
      remoteMasterKey: at(16, 16),
      remoteMasterSalt: at(32 + salt, salt),
    };
    const config = { keys, profile: weriftId };
    return { ours: new Srtp(name, keying), rtp: new SrtpSession(config), rtcp: new SrtcpSession(config) };
  }

  const header = (sequenceNumber: number, ssrc = 77) =>
    new RtpHeader({
      ssrc,
      payloadType: 111,
      sequenceNumber: sequenceNumber % 0x10000,
      timestamp: 960 * sequenceNumber,
    });

  function protect(srtp: Srtp, sequenceNumber: number, payload: Buffer): Buffer {
    const plain = header(sequenceNumber).serialize(12);
    const packet = Buffer.concat([plain, payload, Buffer.alloc(srtp.rtpOverhead)]);
    srtp.protectRtp(packet, 12);
    return packet;
  }

  it("opens what another implementation protects, over the wrap of the sequence numbers", () => {
    const { ours, rtp } = connect();
    for (let n = 65_500; n < 65_600; n++) {
      const payload = Buffer.from(`packet ${n}`);
      expect(ours.unprotectRtp(rtp.encrypt(payload, header(n)))).toEqual(payload);
    }
  });

  it("protects what another implementation opens, over the wrap of the sequence numbers", () => {
    const { ours, rtp } = connect();
    for (let n = 65_500; n < 65_600; n++) {
      const payload = Buffer.from(`packet ${n}`);
      expect(rtp.decrypt(protect(ours, n, payload)).subarray(12)).toEqual(payload);
    }
  });

  it("follows several senders and packets out of order across the wrap", () => {
    const { ours, rtp } = connect();
    const packets = [65_534, 65_535, 65_536, 65_537].map((n) => ({
      n,
      packet: rtp.encrypt(Buffer.from(`${n}`), header(n)),
    }));
    for (const index of [0, 2, 1, 3]) {
      const { n, packet } = packets[index] ?? { n: 0, packet: Buffer.alloc(0) };
      expect(ours.unprotectRtp(packet)?.toString()).toBe(`${n}`);
      expect(ours.unprotectRtp(rtp.encrypt(Buffer.from("other"), header(n, 78)))?.toString()).toBe("other");
    }
  });

  it("takes a packet once, and none that was changed", () => {
    const { ours, rtp } = connect();
    const packet = rtp.encrypt(Buffer.from("once"), header(1));
    expect(ours.unprotectRtp(packet)?.toString()).toBe("once");
    expect(ours.unprotectRtp(packet)).toBeUndefined();
    for (const at of [1, 3, 7, 11, 13, packet.length - 1]) {
      const changed = rtp.encrypt(Buffer.from("more"), header(2));
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(ours.unprotectRtp(changed)).toBeUndefined();
    }
    expect(ours.unprotectRtp(rtp.encrypt(Buffer.from("more"), header(2)))?.toString()).toBe("more");
  });

  it("opens and protects reports, each once", () => {
    const { ours, rtcp } = connect();
    const report = Buffer.from(`81c90007${"0000004d".repeat(7)}`, "hex");
    const incoming = rtcp.encrypt(report);
    expect(ours.unprotectRtcp(incoming)).toEqual(report);
    expect(ours.unprotectRtcp(incoming)).toBeUndefined();
    expect(rtcp.decrypt(ours.protectRtcp(report))).toEqual(report);
    const changed = rtcp.encrypt(report);
    changed[9] = (changed[9] ?? 0) ^ 1;
    expect(ours.unprotectRtcp(changed)).toBeUndefined();
  });

  it("leaves the header of a packet with sources and extensions in the clear", () => {
    const { ours, rtp } = connect();
    const extended = header(9);
    extended.csrc = [1, 2];
    extended.csrcLength = 2;
    extended.extension = true;
    extended.extensionProfile = 0xbede;
    extended.extensions = [{ id: 1, payload: Buffer.from([5]) }];
    expect(ours.unprotectRtp(rtp.encrypt(Buffer.from("with extras"), extended))?.toString()).toBe("with extras");
  });

  it("drops what is no packet", () => {
    const { ours } = connect();
    for (let length = 0; length < 60; length++) {
      expect(ours.unprotectRtp(Buffer.alloc(length, 0xbf))).toBeUndefined();
      expect(ours.unprotectRtcp(Buffer.alloc(length, 0xbf))).toBeUndefined();
    }
  });
});
