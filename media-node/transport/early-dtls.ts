/**
 * Keeps DTLS datagrams that arrive before the DTLS socket exists.
 *
 * A browser that is the DTLS client sends its ClientHello the moment it has a working pair, which with full ICE is before
 * our side has ended its checks. Dropped, it comes again only 50 ms later.
 */
import type { RTCDtlsTransport } from "werift";

/** A ClientHello is two datagrams; a few retransmissions fit. */
const MAX_KEPT = 8;

/** First byte of a DTLS record (RFC 7983). */
const isDtls = (datagram: Buffer): boolean => {
  const first = datagram[0] ?? 0;
  return first > 19 && first < 64;
};

export function keepEarlyDtls(transport: RTCDtlsTransport): void {
  const { connection } = transport.iceTransport;
  const kept: Buffer[] = [];
  const keeping = connection.onData.subscribe((datagram) => {
    if (isDtls(datagram) && kept.length < MAX_KEPT) kept.push(Buffer.from(datagram));
  });
  const watching = transport.onStateChange.subscribe(() => {
    // "connecting" comes just before the socket is made, in the same tick: hand over right after.
    keeping.unSubscribe();
    watching.unSubscribe();
    queueMicrotask(() => {
      for (const datagram of kept.splice(0)) connection.onData.execute(datagram);
    });
  });
}
