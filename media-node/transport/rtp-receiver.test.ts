import { describe, expect, it } from "vitest";
import { type RtcpRrPacket, RtpHeader } from "werift";
import { VirtualClock } from "../time/virtual-clock.ts";
import { RtpReceiver } from "./rtp-receiver.ts";

function setUp() {
  const clock = new VirtualClock();
  const reports: RtcpRrPacket[] = [];
  const receiver = new RtpReceiver({
    payloadType: 111,
    ssrc: 5,
    clock,
    report: (report) => {
      reports.push(report);
    },
  });
  const feed = (sequenceNumber: number, fields: Partial<RtpHeader> = {}) => {
    const header = new RtpHeader({
      ssrc: 77,
      payloadType: 111,
      sequenceNumber: sequenceNumber % 0x10000,
      timestamp: (960 * sequenceNumber) % 2 ** 32,
      ...fields,
    });
    const payload = Buffer.from([1, 2, 3]);
    return receiver.read(Buffer.concat([header.serialize(12), payload]), payload);
  };
  return { clock, reports, receiver, feed };
}

describe("the RTP receiver", () => {
  it("reads what a packet carries", () => {
    const { feed } = setUp();
    expect(feed(7)).toEqual({ sequenceNumber: 7, timestamp: 6_720, payload: Buffer.from([1, 2, 3]) });
  });

  it("takes padding off, even more of it than there is", () => {
    const { receiver } = setUp();
    const padded = (bytes: number[]) => {
      const header = new RtpHeader({ ssrc: 77, payloadType: 111, sequenceNumber: 1, timestamp: 0, padding: true });
      return receiver.read(header.serialize(12), Buffer.from(bytes))?.payload;
    };
    expect(padded([9, 9, 0, 2])).toEqual(Buffer.from([9, 9]));
    expect(padded([9, 200])).toEqual(Buffer.alloc(0));
  });

  it("leaves other payloads alone", () => {
    const { feed } = setUp();
    expect(feed(7, { payloadType: 96 })).toBeUndefined();
  });

  it("reports loss, the highest number with its wraps, and when it heard the sender's report", () => {
    const { clock, reports, receiver, feed } = setUp();
    const first = 65_500;
    for (let n = 0; reports.length < 14; n++) {
      clock.advance(20);
      // Every tenth packet is lost.
      if (n % 10 !== 9) feed(first + n);
      if (n === 300) receiver.heardReport(77, 0x0000_1234_5678_0000n);
    }
    const [early, late] = [reports.at(0), reports.at(-1)].map((report) => report?.reports[0]);
    expect(early).toMatchObject({ ssrc: 77, fractionLost: 23, packetsLost: 2, lsr: 0, dlsr: 0 });
    expect(late).toMatchObject({ packetsLost: 31, lsr: 0x1234_5678, highestSequence: first + 310 });
    expect(late?.dlsr).toBe(Math.floor((10 * 20 * 65_536) / 1_000));
    expect(late?.jitter).toBe(0);
  });

  it("measures jitter", () => {
    const { clock, reports, feed } = setUp();
    for (let n = 0; reports.length < 5; n++) {
      clock.advance(n % 2 === 0 ? 10 : 30);
      feed(n);
    }
    // 10 ms off at each packet: 480 units of the clock.
    expect(reports.at(-1)?.reports[0]?.jitter).toBeGreaterThan(400);
    expect(reports.at(-1)?.reports[0]?.jitter).toBeLessThan(481 * 2);
  });

  it("starts over with a new sender", () => {
    const { reports, feed } = setUp();
    for (let n = 0; n < 100; n++) feed(n);
    for (let n = 0; n < 250; n++) feed(40_000 + n, { ssrc: 78 });
    const first = reports.find(({ reports: [info] }) => info?.ssrc === 78);
    expect(first?.reports[0]).toMatchObject({ ssrc: 78, packetsLost: 0, highestSequence: 40_019 });
  });
});
