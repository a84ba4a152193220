/** What an SRTP profile must do; packets are told apart by their index, which is never the same twice under a key. */

export interface Protection {
  /** Bytes a protected RTP packet is longer. */
  readonly rtpOverhead: number;
  /**
   * Encrypts and authenticates in place.
   * @param packet header, payload, and room for {@link rtpOverhead} bytes
   * @param headerLength with contributing sources and extensions
   * @param rollover times the sequence number has wrapped
   */
  protectRtp(packet: Buffer, headerLength: number, rollover: number): void;
  /** The payload, or undefined where the packet is not authentic. */
  unprotectRtp(packet: Buffer, headerLength: number, rollover: number): Buffer | undefined;
  /** A protected copy of a compound RTCP packet; `index` has 31 bits. */
  protectRtcp(packet: Buffer, index: number): Buffer;
  /** The plain packet, or undefined where it is not authentic. */
  unprotectRtcp(packet: Buffer): Buffer | undefined;
  /** The index a protected RTCP packet carries; undefined where it is too short to be one. */
  rtcpIndex(packet: Buffer): number | undefined;
}

/** Set in an RTCP packet's index where it is encrypted, as ours and every browser's are. */
export const ENCRYPTED = 0x80000000;
/** Header and sender of an RTCP packet, which stay in the clear. */
export const RTCP_CLEAR_LENGTH = 8;
