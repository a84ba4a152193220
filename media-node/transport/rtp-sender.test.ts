import { expect, it } from "vitest";
import { RtpPacket } from "werift";
import { RTP_HEADER_LENGTH, rtpPacket } from "./rtp-sender.ts";

it("a packet is read by another implementation as what it was made of, with room left behind it", () => {
  const fields = { payloadType: 111, marker: true, sequenceNumber: 65_535, timestamp: 0xffff_ff00, ssrc: 0xdead_beef };
  const packet = rtpPacket(fields, Buffer.from("opus"), 16);
  expect(packet).toHaveLength(RTP_HEADER_LENGTH + 4 + 16);
  const { header, payload } = RtpPacket.deSerialize(packet.subarray(0, RTP_HEADER_LENGTH + 4));
  expect(header).toMatchObject(fields);
  expect(payload.toString()).toBe("opus");
});
