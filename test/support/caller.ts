/** A WebRTC client for tests, without a browser: calls a stream, sends PCM at its real pace, keeps what it hears. */
import {
  MediaStreamTrack,
  type RTCIceCandidate,
  RTCPeerConnection,
  RtpHeader,
  RtpPacket,
  useOPUS,
  useVP8,
} from "werift";
import {
  createSpeechDecoder,
  createSpeechEncoder,
  type OpusDecoderHandle,
  type OpusEncoderHandle,
} from "../../media-node/audio/opus.ts";
import { sendCloseNotify } from "./close-notify.ts";
import { sleep, until } from "./stack.ts";

const FRAME = 960;

export interface CallerOptions {
  readonly url: string;
  /** Path prefix of the stream, such as "/echo"; "" is the root. */
  readonly path?: string;
  readonly clientId?: string;
  /** Default audio only. Video is offered, never sent. */
  readonly tracks?: readonly ("audio" | "video")[];
  /** Offers to receive audio only. Default false. */
  readonly receiveOnly?: boolean;
  /** Of its requests. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default true. */
  readonly dataChannel?: boolean;
  readonly label?: string;
  /** Say hello as EdgeRTC's own client does. Default false: a FastRTC front end. */
  readonly hello?: boolean;
  /** A join token. */
  readonly token?: string;
  /** A place in line, from an earlier refusal. */
  readonly ticket?: string;
  /**
   * How candidates travel: `in_offer` (default), `before_offer` and `after_answer` are trickled and not in the SDP, `none`
   * are kept to ourselves.
   */
  readonly candidates?: "in_offer" | "before_offer" | "after_answer" | "none";
}

export class Caller {
  readonly clientId: string;
  readonly messages: { readonly type?: string; readonly data?: unknown; readonly message?: string }[] = [];
  readonly rawMessages: string[] = [];
  /** Replies to trickled candidates. */
  readonly candidateReplies: unknown[] = [];
  /** 48 kHz mono, everything received, gaps left out. */
  readonly heard: Int16Array[] = [];
  packets = 0;
  state = "new";
  answer = "";
  readonly #options: CallerOptions;
  readonly #connection: RTCPeerConnection;
  readonly #track = new MediaStreamTrack({ kind: "audio" });
  readonly #channel: ReturnType<RTCPeerConnection["createDataChannel"]> | undefined;
  #encoder: OpusEncoderHandle | undefined;
  #decoder: OpusDecoderHandle | undefined;
  #sequence = 0;
  #timestamp = 0;
  #open = false;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.clientId = options.clientId ?? `caller${Math.random().toString(36).slice(2)}`;
    this.#connection = new RTCPeerConnection({
      iceServers: [{ urls: "stun:127.0.0.1:9" }],
      iceStunGatherTimeout: 0.01,
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ["127.0.0.1"],
      bundlePolicy: "max-bundle",
      codecs: { audio: [useOPUS()], video: [useVP8()] },
    });
    this.#connection.connectionStateChange.subscribe((state) => {
      this.state = state;
    });
    if (options.dataChannel !== false) {
      this.#channel = this.#connection.createDataChannel(options.label ?? "text");
      this.#channel.stateChanged.subscribe((state) => {
        this.#open = state === "open";
        if (this.#open && options.hello === true) this.#channel?.send('{"type":"hello","protocol":1}');
      });
      this.#channel.onMessage.subscribe((data) => this.#onMessage(String(data)));
    }
    const { tracks = ["audio"] } = options;
    if (tracks.includes("audio")) this.#addAudio();
    if (tracks.includes("video")) this.#connection.addTransceiver("video", { direction: "sendrecv" });
  }

  #addAudio(): void {
    const transceiver =
      this.#options.receiveOnly === true
        ? this.#connection.addTransceiver("audio", { direction: "recvonly" })
        : this.#connection.addTransceiver(this.#track, { direction: "sendrecv" });
    transceiver.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe(({ payload }) => {
        this.packets += 1;
        const samples = this.#decoder?.decode(payload);
        if (samples !== undefined) this.heard.push(samples);
      });
    });
  }

  /** Posts the offer. @returns the reply's body and status. */
  async offer(): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    this.#encoder = await createSpeechEncoder(48_000);
    this.#decoder = await createSpeechDecoder(48_000, 1);
    const { candidates = "in_offer" } = this.#options;
    const gathered: RTCIceCandidate[] = [];
    this.#connection.onIceCandidate.subscribe((candidate) => {
      if (candidate !== undefined) gathered.push(candidate);
    });
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    let sdp = this.#connection.localDescription?.sdp ?? "";
    if (candidates !== "in_offer") sdp = sdp.replace(/^a=(candidate|end-of-candidates).*\r\n/gm, "");
    if (candidates === "before_offer") await this.#trickle(gathered);
    const reply = await this.post({
      sdp,
      type: "offer",
      webrtc_id: this.clientId,
      ...(this.#options.token === undefined ? {} : { token: this.#options.token }),
      ...(this.#options.ticket === undefined ? {} : { ticket: this.#options.ticket }),
    });
    if (typeof reply.body["sdp"] === "string") {
      this.answer = reply.body["sdp"];
      await this.#connection.setRemoteDescription({ type: "answer", sdp: this.answer });
      if (candidates === "after_answer") await this.#trickle(gathered);
    }
    return reply;
  }

  async post(body: unknown): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const response = await fetch(`${this.#options.url}${this.#options.path ?? ""}/webrtc/offer`, {
      method: "POST",
      headers: { "content-type": "application/json", ...this.#options.headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** Offers and waits until media flows and, with one, the data channel is open. */
  async connect(): Promise<this> {
    const { status, body } = await this.offer();
    if (this.answer === "") throw new Error(`refused with ${status}: ${JSON.stringify(body)}`);
    await until(() => this.state === "connected" && (this.#channel === undefined || this.#open), 15_000);
    return this;
  }

  /** Sends 48 kHz mono PCM, 20 ms a packet at its real pace. */
  async say(samples: Int16Array): Promise<void> {
    const startMs = performance.now();
    for (let i = 0; i + FRAME <= samples.length; i += FRAME) {
      const dueMs = startMs + (i / FRAME) * 20;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      this.sendFrame(samples.subarray(i, i + FRAME));
    }
  }

  silence(durationMs: number): Promise<void> {
    return this.say(new Int16Array(48 * durationMs));
  }

  sendFrame(samples: Int16Array): void {
    const payload = this.#encoder?.encode(samples);
    if (payload === undefined) return;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + FRAME) >>> 0;
    const header = new RtpHeader({ sequenceNumber: this.#sequence, timestamp: this.#timestamp, payloadType: 96 });
    this.#track.writeRtp(new RtpPacket(header, Buffer.from(payload)));
  }

  send(text: string): void {
    this.#channel?.send(text);
  }

  /** Messages of a type, in order. */
  of(type: string): { readonly type?: string; readonly data?: unknown; readonly message?: string }[] {
    return this.messages.filter((message) => message.type === type);
  }

  /** Everything heard, as one piece. */
  recording(): Int16Array {
    const out = new Int16Array(this.heard.reduce((sum, piece) => sum + piece.length, 0));
    let offset = 0;
    for (const piece of this.heard) {
      out.set(piece, offset);
      offset += piece.length;
    }
    return out;
  }

  /** Closes as a browser does: the other side is told. */
  async hangUp(): Promise<void> {
    await Promise.all(this.#connection.dtlsTransports.map(sendCloseNotify));
    await this.vanish();
  }

  /** Is gone without a word. */
  async vanish(): Promise<void> {
    await this.#connection.close();
    this.#encoder?.free();
    this.#decoder?.free();
    this.#encoder = undefined;
    this.#decoder = undefined;
  }

  #onMessage(text: string): void {
    this.rawMessages.push(text);
    try {
      this.messages.push(JSON.parse(text));
    } catch {
      this.messages.push({ type: "plain", data: text });
    }
  }

  async #trickle(candidates: readonly RTCIceCandidate[]): Promise<void> {
    for (const { candidate, sdpMid, sdpMLineIndex } of candidates) {
      const { body } = await this.post({
        type: "ice-candidate",
        webrtc_id: this.clientId,
        candidate: {
          candidate: candidate?.startsWith("candidate:")
            ? `${candidate} generation 0`
            : `candidate:${candidate} generation 0`,
          sdpMid,
          sdpMLineIndex,
        },
      });
      this.candidateReplies.push(body);
    }
  }
}
