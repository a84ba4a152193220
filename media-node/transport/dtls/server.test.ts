import { beforeAll, describe, expect, it } from "vitest";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { keyingLength } from "../srtp/srtp.ts";
import { DtlsPair, type Identity, makeIdentity, type PairOptions, settle } from "../testing/dtls-pair.ts";
import { ContentType, encodeRecord, parseRecords } from "./records.ts";

const LABEL = "EXTRACTOR-dtls_srtp";
const DTLS_1_2 = 0xfefd;

describe("the DTLS server", () => {
  let server: Identity;
  let client: Identity;
  let stranger: Identity;

  beforeAll(async () => {
    [server, client, stranger] = await Promise.all([makeIdentity(), makeIdentity(), makeIdentity()]);
  });

  const pairOf = (options: Partial<PairOptions> = {}) =>
    new DtlsPair({ clock: new VirtualClock(), server, client, ...options });

  it("agrees with a client on keys, and carries data both ways", async () => {
    const pair = pairOf();
    await pair.connect();
    expect(pair.server.connected).toBe(true);
    expect(pair.clientConnected).toBe(true);
    const length = keyingLength("AEAD_AES_128_GCM");
    expect(pair.secured?.exportKeys(LABEL, length)).toEqual(pair.client.exportKeyingMaterial(LABEL, length));
    pair.server.send(Buffer.from("hello"));
    await pair.client.send(Buffer.from("hello yourself"));
    await settle();
    expect(pair.clientReceived).toEqual(["hello"]);
    expect(pair.received).toEqual(["hello yourself"]);
    pair.server.close();
  });

  it("prefers AES-GCM for SRTP, and takes AES-CM from a client that has nothing else", async () => {
    const both = pairOf({ srtpProfiles: [1, 7] });
    const old = pairOf({ srtpProfiles: [1] });
    await Promise.all([both.connect(), old.connect()]);
    expect(both.secured?.srtpProfile.name).toBe("AEAD_AES_128_GCM");
    expect(old.secured?.srtpProfile.name).toBe("AES128_CM_HMAC_SHA1_80");
  });

  it("refuses a certificate that the offer did not announce", async () => {
    const pair = pairOf({ announced: [stranger.fingerprint] });
    await pair.connect();
    expect(pair.ended).toMatchObject({ message: "The certificate is not the one the offer announced." });
    expect(pair.clientConnected).toBe(false);
  });

  it("refuses a client that shows somebody's certificate without having its key", async () => {
    const pair = pairOf({ client: { ...client, keyPem: stranger.keyPem } });
    await pair.connect();
    expect(pair.ended).toMatchObject({ message: "The client does not have the key of its certificate." });
    expect(pair.server.connected).toBe(false);
  });

  it("refuses a client that saw another handshake than took place", async () => {
    // Somebody on the path takes AES-GCM out of the client's list of SRTP profiles.
    const downgrade = (datagram: Buffer): Buffer[] => {
      const profiles = datagram.indexOf(Buffer.from([0, 4, 0, 7, 0, 1]));
      if (profiles < 0) return [datagram];
      const changed = Buffer.from(datagram);
      changed.writeUInt16BE(1, profiles + 2);
      return [changed];
    };
    const pair = pairOf({ toServer: downgrade });
    await pair.connect();
    expect(pair.ended).toBeInstanceOf(Error);
    expect(pair.server.connected).toBe(false);
  });

  it("sends its flight again until the client answers", async () => {
    const clock = new VirtualClock();
    let lost = 3;
    let sent = 0;
    const toClient = (datagram: Buffer): Buffer[] => {
      sent += 1;
      if (lost === 0) return [datagram];
      lost -= 1;
      return [];
    };
    const pair = pairOf({ clock, toClient });
    await pair.connect();
    expect(pair.server.connected).toBe(false);
    clock.advance(200 + 400 + 800);
    await settle();
    expect(pair.server.connected).toBe(true);
    expect(pair.clientConnected).toBe(true);
    const before = sent;
    clock.advance(60_000);
    expect(sent).toBe(before);
  });

  it("does not send for ever to a client that never answers", async () => {
    const clock = new VirtualClock();
    let sent = 0;
    const toClient = (): Buffer[] => {
      sent += 1;
      return [];
    };
    const pair = pairOf({ clock, toClient });
    await pair.connect();
    clock.advance(10 * 60_000);
    expect(sent).toBeLessThan(50);
    pair.server.close();
  });

  it("repeats its last flight when that was lost", async () => {
    let flights = 0;
    const kept: Buffer[] = [];
    const pair = pairOf({
      toClient: (datagram) => {
        flights += 1;
        return flights === 2 ? [] : [datagram];
      },
      toServer: (datagram) => {
        kept.push(datagram);
        return [datagram];
      },
    });
    await pair.connect();
    expect(pair.server.connected).toBe(true);
    expect(pair.clientConnected).toBe(false);
    // The client's own timer would send its flight again.
    for (const datagram of kept.slice(1)) pair.server.receive(datagram);
    await settle();
    expect(pair.clientConnected).toBe(true);
  });

  it("takes a hello in fragments, out of order and repeated", async () => {
    const fragment = (datagram: Buffer): Buffer[] => {
      const [record] = parseRecords(datagram);
      if (record === undefined || record.type !== ContentType.handshake || record.fragment[0] !== 1) return [datagram];
      const body = record.fragment.subarray(12);
      const cut = (from: number, to: number) => {
        const header = Buffer.from(record.fragment.subarray(0, 12));
        header.writeUIntBE(from, 6, 3);
        header.writeUIntBE(to - from, 9, 3);
        return encodeRecord({ ...record, fragment: Buffer.concat([header, body.subarray(from, to)]) });
      };
      return [cut(50, body.length), cut(0, 20), cut(0, 20), cut(10, 60)];
    };
    const pair = pairOf({ toServer: fragment });
    await pair.connect();
    expect(pair.clientConnected).toBe(true);
  });

  it("takes a record once", async () => {
    const pair = pairOf({
      toServer: (datagram) => (datagram[0] === ContentType.applicationData ? [datagram, datagram] : [datagram]),
    });
    await pair.connect();
    await pair.client.send(Buffer.from("once"));
    await settle();
    expect(pair.received).toEqual(["once"]);
  });

  it("is not disturbed by what strangers send on a running connection", async () => {
    const pair = pairOf();
    await pair.connect();
    const fatal = Buffer.from([2, 40]);
    const hello = Buffer.concat([Buffer.from([1, 0, 0, 4, 0, 9, 0, 0, 0, 0, 0, 4]), Buffer.alloc(4)]);
    const record = { version: DTLS_1_2, epoch: 0, sequenceNumber: 99 };
    pair.server.receive(encodeRecord({ ...record, type: ContentType.alert, fragment: fatal }));
    pair.server.receive(encodeRecord({ ...record, type: ContentType.handshake, fragment: hello }));
    pair.server.receive(encodeRecord({ ...record, type: ContentType.alert, epoch: 1, fragment: Buffer.alloc(40) }));
    pair.server.receive(encodeRecord({ ...record, type: ContentType.applicationData, epoch: 2, fragment: fatal }));
    expect(pair.ended).toBeUndefined();
    await pair.client.send(Buffer.from("still here"));
    await settle();
    expect(pair.received).toEqual(["still here"]);
  });

  it("survives garbage: a mutated handshake connects, fails or waits, and never throws", async () => {
    // A fixed sequence, so that a failure can be seen again.
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const mutate = (datagram: Buffer): Buffer[] => {
      const mutated = Buffer.from(datagram.subarray(0, random(10) === 0 ? random(datagram.length) : datagram.length));
      for (let n = random(4); n > 0 && mutated.length > 0; n--) mutated[random(mutated.length)] = random(256);
      return [mutated];
    };
    for (let round = 0; round < 150; round++) {
      const pair = pairOf({ toServer: mutate });
      await pair.connect();
      pair.server.close();
    }
  });

  it("says goodbye, and nothing after it", async () => {
    const alerts: Buffer[] = [];
    const pair = pairOf({
      toClient: (datagram) => {
        if (datagram[0] === ContentType.alert) alerts.push(datagram);
        return [datagram];
      },
    });
    await pair.connect();
    pair.server.close();
    expect(alerts).toHaveLength(1);
    pair.server.send(Buffer.from("too late"));
    expect(pair.server.connected).toBe(false);
  });
});
