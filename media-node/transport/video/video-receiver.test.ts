import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../time/virtual-clock.ts";
import type { ReceivedFrame } from "../../video/types.ts";
import { VideoReceiver } from "./video-receiver.ts";
import { toVp8Payloads } from "./vp8-payload.ts";

interface Fields {
  readonly type?: number;
  readonly sender?: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly marker?: boolean;
}

function setUp() {
  const clock = new VirtualClock();
  const frames: ReceivedFrame[] = [];
  let sent = 0;
  const receiver = new VideoReceiver({
    codec: "vp8",
    payloadType: 96,
    rtxPayloadType: 97,
    ssrc: 1,
    maxBitsPerSecond: 1_000_000,
    clock,
    sendRtcp: () => {
      sent += 1;
    },
    onFrame: (frame) => {
      frames.push(frame);
    },
  });
  const feed = ({ type = 96, sender = 7, sequenceNumber, timestamp, marker = true }: Fields, payload: Uint8Array) => {
    const header = Buffer.alloc(12);
    header.writeUInt8(0x80, 0);
    header.writeUInt8((marker ? 0x80 : 0) | type, 1);
    header.writeUInt16BE(sequenceNumber & 0xffff, 2);
    header.writeUInt32BE(timestamp >>> 0, 4);
    header.writeUInt32BE(sender, 8);
    const packet = Buffer.concat([header, payload]);
    return receiver.read(packet, packet.subarray(12));
  };
  /** One frame in one packet. */
  const frame = (keyFrame: boolean) =>
    toVp8Payloads(Uint8Array.of(keyFrame ? 0 : 1, 2, 3), 1, 100)[0] ?? new Uint8Array();
  return { clock, receiver, frames, feed, frame, sent: () => sent };
}

describe("the video receiver", () => {
  it("leaves other payload types to others", () => {
    const { feed, frame } = setUp();
    expect(feed({ type: 111, sequenceNumber: 1, timestamp: 0 }, frame(true))).toBe(false);
    expect(feed({ sequenceNumber: 1, timestamp: 0 }, frame(true))).toBe(true);
  });

  it("goes on over the wrap of numbers and timestamps", () => {
    const { feed, frame, frames } = setUp();
    for (let n = -5; n < 5; n++) feed({ sequenceNumber: n, timestamp: n * 3_000 }, frame(n === -5));
    expect(frames).toHaveLength(10);
    expect((frames[9]?.timestampUs ?? 0) - (frames[0]?.timestampUs ?? 0)).toBe(300_000);
  });

  it("takes the place of a lost packet from one that was sent again, whichever way it came", () => {
    const { feed, frame, frames } = setUp();
    feed({ sequenceNumber: 1, timestamp: 0 }, frame(true));
    feed({ sequenceNumber: 3, timestamp: 6_000 }, frame(false));
    expect(frames).toHaveLength(1);
    feed(
      { type: 97, sender: 8, sequenceNumber: 500, timestamp: 3_000 },
      Buffer.concat([Buffer.from([0, 2]), frame(false)]),
    );
    expect(frames).toHaveLength(3);
    // It comes once more, and packets that only fill the line do, too.
    feed({ sequenceNumber: 2, timestamp: 3_000 }, frame(false));
    feed({ type: 97, sender: 8, sequenceNumber: 501, timestamp: 3_000 }, new Uint8Array());
    expect(frames).toHaveLength(3);
  });

  it("starts over with another sender, and time goes on", () => {
    const { feed, frame, frames, clock } = setUp();
    feed({ sequenceNumber: 1, timestamp: 4_000_000_000 }, frame(true));
    clock.advance(1_000);
    feed({ sender: 8, sequenceNumber: 60_000, timestamp: 5 }, frame(false));
    expect(frames).toHaveLength(1);
    feed({ sender: 8, sequenceNumber: 60_001, timestamp: 3_005 }, frame(true));
    expect(frames).toHaveLength(2);
    expect((frames[1]?.timestampUs ?? 0) - (frames[0]?.timestampUs ?? 0)).toBeCloseTo(1_033_333, -1);
  });

  it("takes anything, holds little of it, and stops when it is closed", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const packet = fc.record({
      type: fc.constantFrom(96, 97),
      sender: fc.constantFrom(7, 8),
      sequenceNumber: fc.oneof(fc.nat(20), fc.nat(0xffff)),
      timestamp: fc.oneof(fc.nat(20), fc.nat(0x7fff_ffff)),
      marker: fc.boolean(),
      payload: fc.array(byte, { maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 80 }), (packets) => {
        const { feed, receiver, clock, sent } = setUp();
        for (const { payload, ...fields } of packets) {
          feed(fields, Uint8Array.from(payload));
          clock.advance(3);
        }
        clock.advance(10_000);
        expect(clock.pending).toBe(0);
        // Every 10 ms a request for what is missing, and a few more.
        expect(sent()).toBeLessThan(200);
        receiver.close();
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
