/**
 * Repairs DTLS record numbers. werift restarts them at 0 after its Finished message, which itself went out under the
 * number the handshake had reached: a few records later that number is used again. The browser drops that record as
 * a replay, so a message of the data channel comes a second late, and AES-GCM must never see a number twice.
 */
import type { RTCDtlsTransport } from "werift";

/** More records than any handshake has sent; a gap in the numbers is allowed (RFC 6347 §4.1.2.6). */
const PAST_HANDSHAKE = 64;

/** To be called once, when the transport is connected and before anything is sent on it. */
export function skipHandshakeRecords(transport: RTCDtlsTransport): void {
  if (transport.dtls !== undefined) transport.dtls.dtls.recordSequenceNumber += PAST_HANDSHAKE;
}
