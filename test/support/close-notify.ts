/**
 * Says goodbye on the DTLS layer (RFC 5246 §7.2.1), so that the other side sees the call end at once. werift closes its
 * socket without a word, and a browser would take five seconds to call that "disconnected".
 */
import { setImmediate } from "node:timers/promises";
import type { RTCDtlsTransport } from "werift";

const ALERT_CONTENT_TYPE = 21;
/** Level warning, description close_notify. */
const CLOSE_NOTIFY = Buffer.from([1, 0]);

/** Does nothing on a transport that is not connected. Never throws: the connection is going away anyhow. */
export async function sendCloseNotify(transport: RTCDtlsTransport): Promise<void> {
  const { dtls } = transport;
  if (dtls === undefined || transport.state !== "connected") return;
  const { cipher } = dtls;
  const encrypt = cipher.encryptPacket.bind(cipher);
  // werift can send application data only: the record's type is changed on its way into the cipher.
  cipher.encryptPacket = (packet) => {
    packet.recordLayerHeader.contentType = ALERT_CONTENT_TYPE;
    return encrypt(packet);
  };
  try {
    await dtls.send(CLOSE_NOTIFY);
    // The datagram leaves a tick later; closing the socket before that would drop it.
    await setImmediate();
  } catch {
    // The peer is gone already.
  } finally {
    cipher.encryptPacket = encrypt;
  }
}
