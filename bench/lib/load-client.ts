/**
 * A WebRTC client that costs little: it sends packets that were encoded before and keeps what comes back undecoded, so
 * that many of them fit on one core. Pacing is the {@link Pacer}'s.
 */
import { networkInterfaces } from "node:os";
import { MediaStreamTrack, type RTCDataChannel, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS } from "werift";
import { sendCloseNotify } from "../../test/support/close-notify.ts";
import { abortable } from "./wait.ts";

const CONNECT_TIMEOUT_MS = 20_000;
/** Calls that are set up at the same time. */
const CONNECT_BATCH = 5;
const FRAME_SAMPLES = 960;

export interface ReceivedPacket {
  readonly atMs: number;
  /** RTP time, 48 kHz. */
  readonly timestamp: number;
  readonly payload: Buffer;
}

export class LoadClient {
  /** Kept only while `recording`: for as long as a row is measured. */
  readonly received: ReceivedPacket[] = [];
  readonly messages: { readonly atMs: number; readonly text: string }[] = [];
  /** When each packet was sent, by its number. */
  readonly sentAtMs: number[] = [];
  readonly clientId = crypto.randomUUID();
  recording = false;
  readonly #connection: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #track = new MediaStreamTrack({ kind: "audio" });
  readonly #connected = Promise.withResolvers<void>();
  readonly #channelOpen = Promise.withResolvers<void>();
  #sequenceNumber = Math.floor(Math.random() * 0x8000);
  #timestamp = Math.floor(Math.random() * 0x8000_0000);

  constructor() {
    this.#connection = new RTCPeerConnection({
      // werift falls back to a public STUN server unless it is given one: this is the discard port.
      iceServers: [{ urls: "stun:127.0.0.1:9" }],
      iceStunGatherTimeout: 0.01,
      iceUseIpv6: false,
      iceInterfaceAddresses: { udp4: hostAddress() },
      bundlePolicy: "max-bundle",
      codecs: { audio: [useOPUS()], video: [] },
    });
    this.#connection.connectionStateChange.subscribe((state) => {
      if (state === "connected") this.#connected.resolve();
    });
    this.#channel = this.#connection.createDataChannel("text");
    this.#channel.stateChanged.subscribe((state) => {
      if (state === "open") this.#channelOpen.resolve();
    });
    this.#channel.onMessage.subscribe((data) => this.messages.push({ atMs: performance.now(), text: String(data) }));
    const transceiver = this.#connection.addTransceiver(this.#track, { direction: "sendrecv" });
    transceiver.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe(({ header: { timestamp }, payload }) => {
        if (this.recording) this.received.push({ atMs: performance.now(), timestamp, payload });
      });
    });
  }

  /**
   * Offers, and waits for media and the data channel. How long those two take is measured in a browser: werift as the
   * DTLS client sleeps for 100 ms.
   * @returns milliseconds from posting the offer to the answer.
   * @throws Error that says what was refused, or after 20 s.
   */
  async connect(streamUrl: string, rowSignal: AbortSignal): Promise<number> {
    const signal = AbortSignal.any([rowSignal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    const postedMs = performance.now();
    const sdp = await postOffer(streamUrl, this.#connection.localDescription?.sdp ?? "", this.clientId, signal);
    const answerMs = performance.now() - postedMs;
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
    await abortable(Promise.all([this.#connected.promise, this.#channelOpen.promise]), signal);
    return answerMs;
  }

  send(payload: Buffer): void {
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + FRAME_SAMPLES) >>> 0;
    this.sentAtMs.push(performance.now());
    const header = new RtpHeader({
      sequenceNumber: this.#sequenceNumber,
      timestamp: this.#timestamp,
      payloadType: 96,
    });
    this.#track.writeRtp(new RtpPacket(header, payload));
  }

  /** When messages of this text came, such as `pause_detected`. */
  heard(log: string): number[] {
    return this.messages.filter(({ text }) => text.includes(log)).map(({ atMs }) => atMs);
  }

  /** Closes as a browser does: the server is told. */
  async close(): Promise<void> {
    await Promise.all(this.#connection.dtlsTransports.map(sendCloseNotify));
    await this.#connection.close();
  }
}

/** Runs `work` with `count` clients in calls to a stream, and hangs up. @throws Error if one of them does not connect. */
export async function withClients<T>(
  streamUrl: string,
  count: number,
  signal: AbortSignal,
  work: (clients: readonly LoadClient[]) => Promise<T>,
): Promise<T> {
  const clients: LoadClient[] = [];
  try {
    while (clients.length < count) {
      const batch = Array.from({ length: Math.min(CONNECT_BATCH, count - clients.length) }, () => new LoadClient());
      clients.push(...batch);
      await Promise.all(batch.map((client) => client.connect(streamUrl, signal)));
    }
    return await work(clients);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** @returns the answer's SDP. @throws Error that says what was refused. */
export async function postOffer(
  streamUrl: string,
  sdp: string,
  clientId: string,
  signal: AbortSignal,
): Promise<string> {
  const response = await fetch(`${streamUrl}/webrtc/offer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sdp, type: "offer", webrtc_id: clientId }),
    signal,
  });
  return answerSdp(await response.text());
}

function answerSdp(text: string): string {
  const body: unknown = JSON.parse(text);
  if (typeof body === "object" && body !== null && "sdp" in body && typeof body.sdp === "string") return body.sdp;
  throw new Error(`The offer was refused: ${text.slice(0, 300)}`);
}

/** The machine's own address, so that packets take the way they take to a host candidate; loopback without one. */
function hostAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
