/**
 * One WebRTC peer connection of a session: answers the offer, carries RTP and the data channel, and says once how it
 * ended. It knows nothing of audio, pictures, handlers or the edge.
 */
import { setImmediate } from "node:timers/promises";
import {
  type RTCDataChannel,
  type RTCDtlsTransport,
  type RTCIceServer,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  type RTCRtpTransceiver,
  RtcpSrPacket,
  useOPUS,
  useVP8,
} from "werift";
import type { IceCandidate } from "../../shared/candidate.ts";
import type { Mode } from "../../shared/descriptor.ts";
import { EdgeRtcError } from "../../shared/errors.ts";
import type { EndReason } from "../../shared/session.ts";
import type { Clock, Timer } from "../time/clock.ts";
import type { VideoTrack, VideoTrackEvents } from "../video/types.ts";
import { isWelcome, type PrivateCandidates, withWelcomeCandidates } from "./candidate-filter.ts";
import { fingerprintsOf } from "./dtls/certificates.ts";
import type { IceOptions } from "./ice-options.ts";
import { IceRestarts, isCurrent, withoutGeneration } from "./ice-restart.ts";
import { announceIceLite } from "./lite-answer.ts";
import { followNomination } from "./lite-nomination.ts";
import { checkOffer, type OfferRules, videoCodecsOf } from "./offer-check.ts";
import { type RtpAudioPacket, RtpReceiver } from "./rtp-receiver.ts";
import { RtpSender } from "./rtp-sender.ts";
import { type Association, isWelcomeSctp } from "./sctp-check.ts";
import { SecureTransport } from "./secure-transport.ts";
import { withChosenCodec } from "./video/codec-choice.ts";
import { RtpVideoTrack } from "./video/rtp-video-track.ts";

/**
 * A peer that sends nothing at all for this long is gone. Browsers check connectivity every 2.5 s whatever their media
 * does, so this is eight missed checks; FastRTC notices after 30 s.
 */
const PEER_SILENCE_MS = 20_000;
const SILENCE_CHECK_MS = 2_000;

/** Messages that wait for a client to take them. Past it further ones are dropped: 20 of the largest outputs. */
const MAX_CHANNEL_BACKLOG_BYTES = 10 * 1024 * 1024;

/** A discard address: werift falls back to a public STUN server unless it is given one. */
const NO_STUN = { urls: "stun:127.0.0.1:9" };

/** How a peer can end by itself. */
export type PeerEnd = Extract<EndReason, "client_closed" | "peer_lost" | "failed">;

export interface PeerEvents {
  /** DTLS is up: media can flow. */
  connected(): void;
  /** The data channel is open. */
  channelOpen(): void;
  message(text: string): void;
  rtp(packet: RtpAudioPacket): void;
  /** Once, unless {@link Peer.close} came first. */
  ended(reason: PeerEnd): void;
}

export interface PeerOptions extends OfferRules {
  readonly mode: Mode;
  readonly ice: IceOptions;
  readonly clock: Clock;
  readonly events: PeerEvents;
  /** Of the client's video track. Absent: video is not agreed on, whatever the modality. */
  readonly video?: VideoTrackEvents | undefined;
  /** What is sent of video at most, and what the client is told that it may send. Default: 1.5 Mbit/s. */
  readonly maxVideoBitsPerSecond?: number | undefined;
}

export class Peer {
  readonly #options: PeerOptions;
  readonly #connection: RTCPeerConnection;
  #channel: RTCDataChannel | undefined;
  #secure: SecureTransport | undefined;
  #sender: RtpSender | undefined;
  #receiver: RtpReceiver | undefined;
  #video: RtpVideoTrack | undefined;
  #heardAtMs: number;
  #silenceTimer: Timer | undefined;
  #restarts: IceRestarts | undefined;
  #state: "open" | "closed" = "open";

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#heardAtMs = options.clock.nowMs();
    const { ice } = options;
    this.#connection = new RTCPeerConnection({
      iceServers: ice.iceServers.length > 0 ? ice.iceServers.map(toWerift) : [NO_STUN],
      iceLite: ice.mode === "lite",
      iceUseIpv6: false,
      iceAdditionalHostAddresses: [...ice.additionalAddresses],
      ...(ice.bindAddress === undefined ? {} : { iceInterfaceAddresses: { udp4: ice.bindAddress } }),
      ...(ice.portRange === undefined ? {} : { icePortRange: [ice.portRange[0], ice.portRange[1]] }),
      iceFilterStunResponse: (check, from, protocol) => {
        this.#heard();
        const [transport] = this.#connection.iceTransports;
        if (transport === undefined) return true;
        // One that was under way when the client restarted ICE: the path that it stands for is being given up.
        if (!isCurrent(check, transport.connection)) return false;
        if (ice.mode === "lite") followNomination(transport.connection, check, from, protocol);
        return true;
      },
      bundlePolicy: "max-bundle",
      codecs: { audio: [useOPUS()], video: this.#takesVideo ? [useVP8(), useH264(), useRtx()] : [] },
      headerExtensions: { audio: [], video: [] },
    });
  }

  /**
   * Answers the offer; candidates may come with it or follow through {@link addCandidate}.
   * @returns the answer's SDP, complete: every candidate of ours is in it.
   * @throws EdgeRtcError `invalid_sdp`, `unsupported_track_kind`, `no_common_codec`
   */
  async answer(sdp: string, candidates: readonly IceCandidate[]): Promise<string> {
    checkOffer(sdp, this.#options);
    return await this.#gathering(() => this.#answer(sdp, candidates));
  }

  async #answer(sdp: string, candidates: readonly IceCandidate[]): Promise<string> {
    const connection = this.#connection;
    connection.onDataChannel.subscribe((channel) => this.#adoptChannel(channel));
    connection.onRemoteTransceiverAdded.subscribe((transceiver) => {
      if (transceiver.kind === "audio" || this.#takesVideo) {
        transceiver.setDirection(answerDirection(this.#options.mode));
      }
    });
    try {
      await connection.setRemoteDescription({ type: "offer", sdp: this.#narrowed(sdp) });
    } catch (cause) {
      throw new EdgeRtcError("invalid_sdp", "The offer could not be parsed.", { cause });
    }
    for (const transport of connection.dtlsTransports) this.#secureWith(transport, sdp);
    // Clients that are no browsers may end the SCTP association only.
    connection.sctpTransport?.sctp.stateChanged.closed.subscribe(() => this.#end("client_closed"));
    connection.iceConnectionStateChange.subscribe((state) => {
      if (state === "failed") this.#end(this.#silenceTimer === undefined ? "failed" : "peer_lost");
    });
    for (const candidate of candidates) await this.addCandidate(candidate);
    await connection.setLocalDescription(await this.#createAnswer());
    for (const transceiver of connection.getTransceivers()) this.#adoptTransceiver(transceiver);
    const answer = connection.localDescription?.sdp;
    if (answer === undefined || this.#state === "closed") throw new EdgeRtcError("invalid_sdp", "The peer was closed.");
    this.#restarts = new IceRestarts(connection, sdp);
    return announceIceLite(answer);
  }

  /** werift takes offers that make no sense to it when it is to answer. */
  async #createAnswer(): ReturnType<RTCPeerConnection["createAnswer"]> {
    try {
      return await this.#connection.createAnswer();
    } catch (cause) {
      throw new EdgeRtcError("invalid_sdp", "The offer could not be answered.", { cause });
    }
  }

  /** Whether an offer is of the very connection that this is the other end of. */
  isFor(sdp: string): boolean {
    return this.#restarts?.isFor(sdp) === true;
  }

  /**
   * Answers an offer that restarts ICE (RFC 8445 §9): the client's network has changed. Nothing else does, so DTLS, SRTP and
   * the data channel go on where they were. The path in use is given up at once.
   * @throws EdgeRtcError `cannot_restart` where it is not the client's own connection that is to go on, or none any more.
   */
  async restart(sdp: string): Promise<string> {
    const secured = this.#secure?.connected === true && this.#state === "open";
    if (!secured || this.#restarts === undefined) throw new EdgeRtcError("cannot_restart");
    checkOffer(sdp, this.#options);
    const restarts = this.#restarts;
    return await this.#gathering(() => restarts.answer(sdp, this.#narrowed(sdp)));
  }

  /** werift closes what is open by then, and goes on to gather: what comes behind a close would be open for ever. */
  async #gathering<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      if (this.#state === "closed") {
        await Promise.all(this.#connection.iceTransports.map(({ connection }) => connection.close()));
      }
    }
  }

  /** Undefined before the answer, and where no video was agreed on. */
  get video(): VideoTrack | undefined {
    return this.#video;
  }

  get #takesVideo(): boolean {
    return this.#options.video !== undefined && this.#options.modality !== "audio";
  }

  get #privateCandidates(): PrivateCandidates {
    return this.#options.ice.privateCandidates ?? "accept";
  }

  /** Takes a trickled candidate. One that does not fit the offer, such as one of an earlier call, is ignored. */
  async addCandidate(candidate: IceCandidate): Promise<void> {
    // Its checks reach us all the same.
    if (!isWelcome(candidate.candidate, this.#privateCandidates)) return;
    const { sdpMid, sdpMLineIndex } = candidate;
    try {
      await this.#connection.addIceCandidate({
        candidate: withoutGeneration(candidate.candidate),
        ...(sdpMid === null || sdpMid === undefined ? {} : { sdpMid }),
        ...(sdpMLineIndex === null || sdpMLineIndex === undefined ? {} : { sdpMLineIndex }),
      });
    } catch {
      // The candidate names a section or a generation this offer does not have: there is nothing to connect to.
    }
  }

  /** Sends one Opus packet; `timestamp` is in 48 kHz units. Packets before the connection are dropped. */
  sendRtp(payload: Uint8Array, timestamp: number, marker: boolean): void {
    if (this.#state === "open") this.#sender?.send(payload, timestamp, marker);
  }

  /** Sends a text on the data channel. False where there is none open, it is too long, or the client does not take what it is sent. */
  sendText(text: string): boolean {
    const channel = this.#channel;
    if (channel?.readyState !== "open" || channel.bufferedAmount > MAX_CHANNEL_BACKLOG_BYTES) return false;
    // What the client's offer says it takes in one message; 0 is anything.
    const limit = this.#connection.sctpTransport?.remoteMaxMessageSize ?? 0;
    if (limit > 0 && Buffer.byteLength(text) > limit) return false;
    channel.send(text);
    return true;
  }

  /** Closes the connection; {@link PeerEvents.ended} is not called any more. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#silenceTimer?.cancel();
    this.#video?.close();
    this.#secure?.close();
    // The goodbye leaves a tick later; closing the socket before that would drop it.
    await setImmediate();
    await this.#connection.close();
  }

  #adoptChannel(channel: RTCDataChannel): void {
    // Any label is accepted; the first channel is the one.
    if (this.#channel !== undefined) return;
    this.#channel = channel;
    channel.onMessage.subscribe((data) => {
      const text = typeof data === "string" ? data : data.toString("utf8");
      this.#options.events.message(text);
    });
    if (channel.readyState === "open") this.#options.events.channelOpen();
    else {
      channel.stateChanged.subscribe((state) => {
        if (state === "open" && this.#state === "open") this.#options.events.channelOpen();
      });
    }
  }

  /** max-bundle: there is one transport. */
  #secureWith(transport: RTCDtlsTransport, sdp: string): void {
    // Without a server there is nothing to gather: no waiting for an answer that cannot come.
    if (this.#options.ice.iceServers.length === 0)
      Reflect.deleteProperty(transport.iceTransport.connection, "stunServer");
    const { clock, events } = this.#options;
    this.#secure = new SecureTransport(transport, {
      fingerprints: fingerprintsOf(sdp),
      clock,
      takesData: (packet) => isWelcomeSctp(packet, () => associationOf(this.#connection)),
      events: {
        connected: () => {
          if (this.#state === "closed") return;
          this.#heard();
          this.#watchSilence();
          events.connected();
        },
        rtp: (packet, payload) => this.#onRtp(packet, payload),
        closed: () => this.#end("client_closed"),
        failed: () => this.#end("failed"),
      },
    });
    transport.onRtcp.subscribe((report) => {
      if (report instanceof RtcpSrPacket) this.#receiver?.heardReport(report.ssrc, report.senderInfo.ntpTimestamp);
      this.#video?.receiveRtcp(report);
    });
  }

  #adoptTransceiver(transceiver: RTCRtpTransceiver): void {
    if (transceiver.kind === "video") this.#adoptVideo(transceiver);
    const [codec] = transceiver.codecs;
    const secure = this.#secure;
    // One audio track of the client's is heard, the first.
    if (transceiver.kind !== "audio" || codec === undefined || secure === undefined || this.#receiver !== undefined)
      return;
    const { sender } = transceiver;
    this.#sender = new RtpSender(sender, secure);
    this.#receiver = new RtpReceiver({
      payloadType: codec.payloadType,
      ssrc: sender.ssrc,
      clock: this.#options.clock,
      report: (report) => secure.sendRtcp([report]),
    });
  }

  /** The offer, as werift is to see it. */
  #narrowed(sdp: string): string {
    return withChosenCodec(withWelcomeCandidates(sdp, this.#privateCandidates), videoCodecsOf(this.#options));
  }

  #adoptVideo(transceiver: RTCRtpTransceiver): void {
    const { video: events, clock, maxVideoBitsPerSecond: maxBitsPerSecond } = this.#options;
    if (this.#video !== undefined || this.#secure === undefined || events === undefined) return;
    this.#video = RtpVideoTrack.of(transceiver, { transport: this.#secure, clock, events, maxBitsPerSecond });
  }

  #onRtp(packet: Buffer, payload: Buffer): void {
    if (this.#state === "closed") return;
    this.#heard();
    if (this.#video?.receive(packet, payload) === true) return;
    const audio = this.#receiver?.read(packet, payload);
    if (audio !== undefined) this.#options.events.rtp(audio);
  }

  #heard(): void {
    this.#heardAtMs = this.#options.clock.nowMs();
  }

  #watchSilence(): void {
    this.#silenceTimer = this.#options.clock.after(SILENCE_CHECK_MS, () => {
      if (this.#state === "closed") return;
      if (this.#options.clock.nowMs() - this.#heardAtMs >= PEER_SILENCE_MS) this.#end("peer_lost");
      else this.#watchSilence();
    });
  }

  #end(reason: PeerEnd): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#silenceTimer?.cancel();
    this.#video?.close();
    this.#secure?.close();
    this.#connection.close().catch(ignore);
    this.#options.events.ended(reason);
  }
}

/** werift keeps it to itself. */
function associationOf({ sctpTransport }: RTCPeerConnection): Association {
  const of = (name: string): number | undefined => {
    const value: unknown = sctpTransport === undefined ? undefined : Reflect.get(sctpTransport.sctp, name);
    return typeof value === "number" ? value : undefined;
  };
  return { lastReceivedTsn: of("lastReceivedTsn"), roomBytes: of("advertisedRwnd") };
}

/** Of any profile: which is taken is chosen out of the offer. */
function useH264(): RTCRtpCodecParameters {
  const { rtcpFeedback } = useVP8();
  return new RTCRtpCodecParameters({ mimeType: "video/H264", clockRate: 90_000, rtcpFeedback });
}

/** Packets that are sent again (RFC 4588), for the codec before it. */
function useRtx(): RTCRtpCodecParameters {
  return new RTCRtpCodecParameters({ mimeType: "video/rtx", clockRate: 90_000 });
}

/** The answer's direction: `mode` is the client's view, the answer is ours. */
function answerDirection(mode: Mode): "sendrecv" | "recvonly" | "sendonly" {
  if (mode === "send") return "recvonly";
  return mode === "receive" ? "sendonly" : "sendrecv";
}

function toWerift(server: IceOptions["iceServers"][number]): RTCIceServer {
  const { urls, username, credential } = server;
  return { urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) };
}

/** A packet or a close that fails on a connection that is going away: its end is reported by the state changes. */
function ignore(): void {
  // Nothing to do.
}
