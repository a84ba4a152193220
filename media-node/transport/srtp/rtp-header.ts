/** An RTP packet's header (RFC 3550 §5.1), read where it stands. */

const FIXED_LENGTH = 12;

/** Length of the header with contributing sources and extensions; undefined where the packet is no RTP packet. */
export function rtpHeaderLength(packet: Buffer): number | undefined {
  if (packet.length < FIXED_LENGTH) return undefined;
  const first = packet.readUInt8(0);
  if (first >> 6 !== 2) return undefined;
  let length = FIXED_LENGTH + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (packet.length < length + 4) return undefined;
    length += 4 + 4 * packet.readUInt16BE(length + 2);
  }
  return length <= packet.length ? length : undefined;
}

/** The payload without padding (§5.1, bit P); empty where the padding is longer than what is there. */
export function withoutPadding(packet: Buffer, payload: Buffer): Buffer {
  if ((packet.readUInt8(0) & 0x20) === 0) return payload;
  const padding = payload.at(-1) ?? 0;
  return payload.subarray(0, Math.max(0, payload.length - padding));
}
