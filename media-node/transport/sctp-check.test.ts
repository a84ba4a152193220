import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Association, isWelcomeSctp } from "./sctp-check.ts";
import { audioClient, closeClientsAndPeers, connect } from "./testing/client-and-peer.ts";

afterEach(closeClientsAndPeers);

const IDLE: Association = { lastReceivedTsn: 0xffff_fffe, roomBytes: 1_024 * 1_024 };

/** A chunk as it should be, padded; `length` as somebody might claim it. */
function chunk(type: number, body: readonly number[], length = 4 + body.length): number[] {
  const bytes = [type, 3, length >> 8, length & 0xff, ...body];
  while (bytes.length % 4 !== 0) bytes.push(0);
  return bytes;
}
const uint16 = (value: number) => [(value >> 8) & 0xff, value & 0xff];
const uint32 = (value: number) => [...uint16(value >>> 16), ...uint16(value & 0xffff)];
const data = (tsn: number, stream = 0, bytes = 1) =>
  chunk(0, [
    ...uint32(tsn),
    ...uint16(stream),
    ...uint16(0),
    ...uint32(51),
    ...Array.from({ length: bytes }, () => 65),
  ]);
const sack = (...gaps: readonly (readonly [number, number])[]) =>
  chunk(3, [...uint32(1), ...uint32(9), ...uint16(gaps.length), ...uint16(0), ...gaps.flat().flatMap(uint16)]);
const packetOf = (...chunks: readonly number[][]) =>
  Buffer.from([...Array.from({ length: 12 }, () => 0), ...chunks.flat()]);
const welcome = (packet: Buffer, association = IDLE) => isWelcomeSctp(packet, () => association);

describe("a packet of SCTP", () => {
  it("is handed on as browsers send it: the begin, data in one or several chunks, acknowledgements, heartbeats, the end", () => {
    const begin = chunk(1, [...uint32(1), ...uint32(131_072), ...uint16(1_024), ...uint16(1_024), ...uint32(7)]);
    const withParameters = chunk(1, [...begin.slice(4), 0xc0, 0, 0, 4, 0x80, 8, 0, 6, 0xc0, 0x82, 0, 0]);
    const heartbeat = chunk(4, [0, 1, 0, 8, 1, 2, 3, 4]);
    const reset = chunk(130, [0, 13, 0, 18, ...uint32(1), ...uint32(1), ...uint32(1), ...uint16(4)]);
    for (const chunks of [
      [begin],
      [withParameters],
      [data(0xffff_ffff), data(0), sack()],
      [sack([2, 3], [9, 400])],
      [heartbeat],
      [reset],
      [chunk(192, uint32(5))],
      [chunk(10, [1, 2, 3])],
      [chunk(6, [])],
    ]) {
      expect(welcome(packetOf(...chunks)), JSON.stringify(chunks)).toBe(true);
    }
  });

  it.each([
    ["a chunk of no length", packetOf(chunk(11, [], 0))],
    ["a chunk shorter than its header", packetOf(chunk(11, [], 3))],
    ["a chunk longer than the packet", packetOf(chunk(11, [], 40))],
    ["a parameter of no length", packetOf(chunk(4, [0, 1, 0, 0, 1, 2, 3, 4]))],
    ["a parameter longer than its chunk", packetOf(chunk(130, [0, 13, 0, 99]))],
    ["data without data", packetOf(data(0, 0, 0))],
    ["more gaps than it has", packetOf(chunk(3, [...uint32(1), ...uint32(9), ...uint16(9), ...uint16(0)]))],
    ["gaps for more than can be under way", packetOf(sack([2, 9_000]), sack([2, 9_000]))],
    ["a chunk of another kind", packetOf(chunk(99, [1, 2, 3, 4]))],
    ["data of a stream past what browsers have", packetOf(data(0, 1_024))],
    ["data from far ahead", packetOf(data(2_000))],
    ["half of a stream that is given up", packetOf(chunk(192, [...uint32(5), 0, 1]))],
    ["nothing", packetOf()],
  ])("is dropped with %s", (_, packet) => {
    expect(welcome(packet)).toBe(false);
  });

  it("is dropped with data where the client has long been told that there is no room, and then only", () => {
    expect(welcome(packetOf(data(0)), { ...IDLE, roomBytes: -1_000 })).toBe(true);
    expect(welcome(packetOf(data(0)), { ...IDLE, roomBytes: -100_000 })).toBe(false);
    expect(welcome(packetOf(sack()), { ...IDLE, roomBytes: -100_000 })).toBe(true);
    expect(welcome(packetOf(data(77)), { lastReceivedTsn: undefined, roomBytes: undefined })).toBe(true);
  });

  it("may be any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(typeof welcome(Buffer.from(bytes))).toBe("boolean");
      }),
    );
  });
});

it("a client's packet that breaks the protocol is dropped before anybody reads it, and the call goes on", async () => {
  const client = audioClient();
  const { texts } = await connect(client);
  // Its checksum is none: werift would reject a promise of its own over that, which nobody hears.
  await client.connection.dtlsTransports[0]?.sendData(packetOf(chunk(99, [1, 2, 3, 4])));
  client.channel.send("still there");
  await vi.waitFor(() => expect(texts).toEqual(["still there"]), { timeout: 5_000 });
});
