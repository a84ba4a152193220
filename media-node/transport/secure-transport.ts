/**
 * Secures a peer's media and data on werift's ICE connection, in place of werift's own DTLS and SRTP: those take a
 * client's certificate without proof that it has the key, take packets twice, and cost half of a call's set-up.
 *
 * werift's RTCDtlsTransport stays as the place where its other parts (SCTP, senders, receivers) send and are fed.
 */
import {
  type RTCCertificate,
  type RTCDtlsTransport,
  type RtcpPacket,
  RtcpPacketConverter,
  type RtpHeader,
  RtpPacket,
} from "werift";
import type { Clock } from "../time/clock.ts";
import { type Fingerprint, ownCertificate } from "./dtls/certificates.ts";
import { DtlsServer, type Secured } from "./dtls/server.ts";
import { isMedia, sendOnPath, tapMedia } from "./media-tap.ts";
import { keyingLength, Srtp } from "./srtp/srtp.ts";

/** Label of the keys for SRTP (RFC 5764 §4.2). */
const SRTP_LABEL = "EXTRACTOR-dtls_srtp";
/** Datagrams kept that came before a path was open; a ClientHello is two, and comes again. */
const MAX_KEPT = 8;
/** Messages of SCTP kept until it is started: an association opens with one. */
const MAX_EARLY_DATA = 8;

export interface SecureTransportEvents {
  /** Media can flow. */
  connected(): void;
  /** An authentic RTP packet: header and payload are still in `packet`, decrypted is only `payload`. */
  rtp(packet: Buffer, payload: Buffer): void;
  /** The client said goodbye. */
  closed(): void;
  failed(error: Error): void;
}

export class SecureTransport {
  readonly #transport: RTCDtlsTransport;
  readonly #dtls: DtlsServer;
  readonly #events: SecureTransportEvents;
  readonly #takesData: (packet: Buffer) => boolean;
  readonly #started = Promise.withResolvers<void>();
  #kept: Buffer[] = [];
  #earlyData: Buffer[] | undefined = [];
  #srtp: Srtp | undefined;

  /** To be made once the offer is set, before the answer is. */
  constructor(
    transport: RTCDtlsTransport,
    options: {
      readonly fingerprints: readonly Fingerprint[];
      readonly clock: Clock;
      /** Whether a packet of SCTP may be handed on. */
      readonly takesData: (packet: Buffer) => boolean;
      readonly events: SecureTransportEvents;
    },
  ) {
    const certificate = transport.localCertificate;
    if (certificate === undefined) throw new Error("werift made no certificate.");
    keepFingerprints(certificate);
    this.#transport = transport;
    this.#events = options.events;
    this.#takesData = options.takesData;
    this.#dtls = new DtlsServer({
      certificate: ownCertificate(certificate),
      fingerprints: options.fingerprints,
      clock: options.clock,
      send: (datagram) => this.#send(datagram),
      events: {
        connected: (secured) => this.#onConnected(secured),
        data: (data) => this.#onData(data),
        closed: () => {
          this.#setState("closed");
          this.#events.closed();
        },
        failed: (error) => {
          this.#started.reject(error);
          this.#setState("failed");
          this.#events.failed(error);
        },
      },
    });
    // Whoever starts the transport hears of it; a failure before that is told by the event.
    this.#started.promise.catch(ignore);
    transport.role = "server";
    transport.iceTransport.connection.onData.subscribe((datagram) => this.receive(datagram));
    transport.start = () => this.#start();
    transport.sendRtp = (payload, header) => this.#sendPacket(payload, header);
    transport.sendRtcp = async (packets) => this.sendRtcp(packets);
    Reflect.set(transport, "sendData", async (data: Buffer) => this.#dtls.send(data));
  }

  /** Whether media can flow. */
  get connected(): boolean {
    return this.#srtp !== undefined && this.#dtls.connected;
  }

  /** Bytes to leave free behind an RTP packet given to {@link sendRtp}. */
  get rtpOverhead(): number {
    return this.#srtp?.rtpOverhead ?? 0;
  }

  /** Takes a datagram that is not ICE's. */
  receive(datagram: Buffer): void {
    if (isMedia(datagram)) this.#receiveMedia(datagram);
    else if (isDtls(datagram)) this.#receiveDtls(datagram);
  }

  /** Protects a packet in place and sends it. `headerLength` bytes stay in the clear. */
  sendRtp(packet: Buffer, headerLength: number): void {
    if (this.#srtp === undefined) return;
    this.#srtp.protectRtp(packet, headerLength);
    this.#send(packet);
  }

  sendRtcp(packets: readonly RtcpPacket[]): number {
    if (this.#srtp === undefined) return 0;
    const packet = this.#srtp.protectRtcp(Buffer.concat(packets.map((part) => part.serialize())));
    this.#send(packet);
    return packet.length;
  }

  /** Tells the client that the call is over; to be called before the path is closed. */
  close(): void {
    this.#dtls.close();
    this.#kept = [];
    this.#earlyData = [];
  }

  /** werift calls this when ICE says "connected", which with full ICE is some checks after the path is open. */
  async #start(): Promise<void> {
    this.#setState("connecting");
    this.#receiveKept();
    await this.#started.promise;
    this.#setState("connected");
    // werift starts SCTP right after this; what came for it before is handed over behind that.
    setImmediate(() => {
      const early = this.#earlyData ?? [];
      this.#earlyData = undefined;
      for (const data of early) this.#transport.dataReceiver(data);
    });
  }

  #receiveDtls(datagram: Buffer): void {
    // A browser starts DTLS the moment a path works for it, which can be before we may send on one.
    if (this.#transport.iceTransport.connection.nominated === undefined) {
      if (this.#kept.length < MAX_KEPT) this.#kept.push(datagram);
      return;
    }
    this.#receiveKept();
    this.#dtls.receive(datagram);
  }

  #receiveKept(): void {
    for (const datagram of this.#kept.splice(0)) this.#dtls.receive(datagram);
  }

  #onConnected({ srtpProfile, exportKeys }: Secured): void {
    this.#srtp = new Srtp(srtpProfile.name, exportKeys(SRTP_LABEL, keyingLength(srtpProfile.name)));
    tapMedia(this.#transport.iceTransport.connection, (packet) => this.#receiveMedia(packet));
    this.#started.resolve();
    this.#events.connected();
  }

  #onData(data: Buffer): void {
    if (!this.#takesData(data)) return;
    if (this.#earlyData === undefined) this.#transport.dataReceiver(data);
    else if (this.#earlyData.length < MAX_EARLY_DATA) this.#earlyData.push(data);
  }

  #receiveMedia(packet: Buffer): void {
    if (this.#srtp === undefined) return;
    const type = packet[1] ?? 0;
    if (type >= 192 && type <= 223) this.#receiveRtcp(packet, this.#srtp);
    else {
      const payload = this.#srtp.unprotectRtp(packet);
      if (payload !== undefined) this.#events.rtp(packet, payload);
    }
  }

  #receiveRtcp(packet: Buffer, srtp: Srtp): void {
    const plain = srtp.unprotectRtcp(packet);
    if (plain === undefined) return;
    for (const part of RtcpPacketConverter.deSerialize(plain)) this.#transport.onRtcp.execute(part);
  }

  /** For werift's own senders. */
  async #sendPacket(payload: Buffer, header: RtpHeader): Promise<number> {
    if (this.#srtp === undefined) return 0;
    const plain = new RtpPacket(header, payload).serialize();
    const packet = Buffer.alloc(plain.length + this.rtpOverhead);
    plain.copy(packet);
    this.sendRtp(packet, header.serializeSize);
    return packet.length;
  }

  #send(datagram: Buffer): void {
    sendOnPath(this.#transport.iceTransport.connection, datagram);
  }

  #setState(state: RTCDtlsTransport["state"]): void {
    if (this.#transport.state === state || this.#transport.state === "closed") return;
    this.#transport.state = state;
    this.#transport.onStateChange.execute(state);
  }
}

/** werift parses its certificate anew whenever it writes a fingerprint into an SDP. */
function keepFingerprints(certificate: RTCCertificate): void {
  if (Object.hasOwn(certificate, "getFingerprints")) return;
  const fingerprints = certificate.getFingerprints();
  certificate.getFingerprints = () => fingerprints;
}

/** RFC 7983. */
function isDtls(datagram: Buffer): boolean {
  const first = datagram[0] ?? 0;
  return first >= 20 && first < 64;
}

/** A failed start that nobody awaits: the event has told it. */
function ignore(): void {
  // Nothing to do.
}
