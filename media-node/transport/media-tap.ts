/**
 * The short way between our media and the socket of the path in use. werift tries each incoming packet for a STUN message
 * and hands it on through two events with a promise each, and takes three promises to send one: together a tenth of what
 * a session costs.
 */
import { type RTCIceTransport, StunProtocol, type UdpTransport } from "werift";

type Connection = RTCIceTransport["connection"];

/** RFC 7983: RTP and RTCP. */
export function isMedia(datagram: Buffer): boolean {
  const first = datagram[0] ?? 0;
  return first >= 128 && first < 192;
}

/** Hands media to `receive` right from the UDP sockets there are; every other way goes on through `connection.onData`. */
export function tapMedia(connection: Connection, receive: (packet: Buffer) => void): void {
  const sockets = new Set<UdpTransport>();
  for (const { protocol } of connection.candidatePairs)
    if (protocol instanceof StunProtocol) sockets.add(protocol.transport);
  for (const socket of sockets) {
    const pass = socket.onData;
    socket.onData = (datagram, from) => {
      if (isMedia(datagram)) receive(datagram);
      else pass(datagram, from);
    };
  }
}

/** Sends on the path in use; dropped where there is none, or none that the client still consents to (RFC 7675). */
export function sendOnPath(connection: Connection, datagram: Buffer): void {
  const { nominated, state } = connection;
  if (nominated === undefined || state === "closed" || state === "failed") return;
  const { protocol, remoteAddr } = nominated;
  if (protocol instanceof StunProtocol) {
    const { transport } = protocol;
    if (!transport.closed) transport.socket.send(datagram, remoteAddr[1], remoteAddr[0], ignore);
  } else protocol.sendData(datagram, remoteAddr).catch(ignore);
}

/** A datagram that fails on a path that is going away: its end is reported by the state changes. */
function ignore(): void {
  // Nothing to do.
}
