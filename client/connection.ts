/**
 * The way a call's media goes: WebRTC, and a WebSocket where that is asked for, or where WebRTC does not come up, as behind a
 * firewall without UDP. It decides once, before the call is connected.
 */

import { KeptTexts } from "../shared/kept-texts.ts";
import type { StreamConfig } from "../shared/stream-config.ts";
import { type CallError, toCallError } from "./errors.ts";
import type { Media, MediaListener, Tracks } from "./media.ts";
import type { CallOptions } from "./options.ts";
import { Peer } from "./peer.ts";
import { toRtcConfiguration } from "./rtc-configuration.ts";
import type { Signaling } from "./signaling.ts";
import { Timers } from "./timers.ts";
import type { TransportPath } from "./transport-path.ts";

/** From the answer on. WebRTC that works takes well under a second, through a relay a few. */
const FALL_BACK_MS = 5_000;

export type TransportChoice = NonNullable<CallOptions["transport"]>;

export interface ConnectionOptions {
  readonly signaling: Signaling;
  readonly clientId: string;
  readonly transport: TransportChoice;
  /** Default: the stream's own, or the edge's TURN servers. */
  readonly rtcConfiguration: RTCConfiguration | undefined;
  readonly listener: MediaListener;
  /** The edge gives no TURN servers, and it should: the call is tried without. Once at most. */
  readonly onTurnFailed: (error: CallError) => void;
}

/**
 * - `new`: the edge knows of nothing yet.
 * - `answered`: a slot is taken, and media does not flow yet.
 * - `up`: it does, or did.
 */
type Phase = "new" | "answered" | "up" | "closed";

export class Connection implements Media {
  readonly #options: ConnectionOptions;
  readonly #timers = new Timers<"fall_back">();
  #media: Media | undefined;
  #transport: TransportPath["transport"];
  /** How WebRTC came out, where something else may be tried. */
  #verdict: PromiseWithResolvers<"up" | "stuck"> | undefined;
  #phase: Phase = "new";
  /** Asked for ahead of the first offer. */
  #configuration: Promise<RTCConfiguration> | undefined;
  #received = 0;
  /** Texts of the application's: in the first place there is the greeting. */
  readonly sent = new KeptTexts();
  #turnFailed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const able = globalThis.RTCPeerConnection !== undefined;
    this.#transport =
      options.transport === "websocket" || (options.transport === "auto" && !able) ? "websocket" : "webrtc";
  }

  /** What carries the call, or is about to. */
  get transport(): TransportPath["transport"] {
    return this.#transport;
  }

  /** Of the media in use, where it is WebRTC's. */
  get peer(): RTCPeerConnection | undefined {
    return this.#media?.connection;
  }

  /** Asks for what WebRTC needs while the person is asked for the microphone. */
  prepare(config: StreamConfig): void {
    if (this.#transport === "webrtc") this.#configuration = this.configure(config);
  }

  /**
   * Settles once the call is up, or on its way; the listener is told when it is up.
   * @throws CallError the edge's refusal, after which it may be called again; `edge_unreachable`, `connect_timeout`, ...
   */
  async connect(descriptor: StreamConfig, tracks: Tracks): Promise<void> {
    if (this.#transport === "webrtc") {
      if (await this.#tryPeer(descriptor, tracks)) return;
      if (this.#phase === "closed") return;
      this.#media?.close();
      this.#transport = "websocket";
      this.#phase = "new";
      await this.#options.signaling.giveUp();
    }
    if (!this.#isClosed()) await this.#openSocket(descriptor, tracks);
  }

  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    await this.#media?.replaceTrack(track);
  }

  /** Texts that the node has sent so far. */
  get received(): number {
    return this.#received;
  }

  /** Hears media in place of that in use, which is closed. */
  takeOver(media: Media): void {
    this.#media?.close();
    this.#media = media;
  }

  send(text: string): boolean {
    const sent = this.#media?.send(text) ?? false;
    if (sent) this.sent.add(text);
    return sent;
  }

  async path(): Promise<TransportPath | null> {
    return (await this.#media?.path()) ?? null;
  }

  async resume(): Promise<void> {
    await this.#media?.resume?.();
  }

  close(): void {
    // The node would keep the slot for a client that may still come: thirty seconds.
    if (this.#phase === "answered") void this.#options.signaling.giveUp();
    this.#phase = "closed";
    this.#timers.clearAll();
    this.#verdict?.resolve("stuck");
    this.#media?.close();
  }

  /** @returns false where it does not come up, and a WebSocket may. */
  async #tryPeer(descriptor: StreamConfig, tracks: Tracks): Promise<boolean> {
    const { signaling, transport } = this.#options;
    const configuration = await (this.#configuration ?? this.configure(descriptor));
    this.#configuration = undefined;
    if (this.#isClosed()) return true;
    const mayFallBack = transport === "auto" && descriptor.modality === "audio";
    const verdict = mayFallBack ? Promise.withResolvers<"up" | "stuck">() : undefined;
    this.#verdict = verdict;
    const peer = new Peer(configuration, this.listenTo(verdict));
    this.#media = peer;
    try {
      await peer.negotiate(signaling, tracks, descriptor.mode !== "send", descriptor.rtpParams ?? {});
    } catch (error) {
      peer.close();
      this.#media = undefined;
      throw error;
    }
    if (this.#phase === "new") this.#phase = "answered";
    if (verdict === undefined || this.#isClosed()) return true;
    this.#timers.set("fall_back", FALL_BACK_MS, () => verdict.resolve("stuck"));
    const came = await verdict.promise;
    this.#timers.clear("fall_back");
    return came === "up";
  }

  /**
   * What the options say; else what the edge's provider gives, asked anew for each offer, since credentials are for one call; else
   * what the stream's file says.
   * @throws CallError once the call is up: it has a configuration.
   */
  async configure({ rtcConfiguration, turn }: StreamConfig): Promise<RTCConfiguration> {
    const { signaling, rtcConfiguration: own, onTurnFailed } = this.#options;
    if (own !== undefined) return own;
    const ofStream = toRtcConfiguration(rtcConfiguration ?? {});
    if (turn !== true || this.#turnFailed) return ofStream;
    try {
      return toRtcConfiguration(await signaling.turn());
    } catch (error) {
      if (this.#phase === "up") throw error;
      this.#turnFailed = true;
      onTurnFailed(toCallError(error));
      return ofStream;
    }
  }

  /** Of media that carries the call. */
  listenTo(verdict?: PromiseWithResolvers<"up" | "stuck">): MediaListener {
    const { listener } = this.#options;
    return {
      ...listener,
      onConnected: () => {
        this.#phase = "up";
        verdict?.resolve("up");
        listener.onConnected();
      },
      onMessage: (text) => {
        this.#received += 1;
        listener.onMessage(text);
      },
      onFailed: () => {
        if (verdict === undefined || this.#phase === "up") listener.onFailed();
        else verdict.resolve("stuck");
      },
    };
  }

  /** Asked behind an `await`, where it may have become so. */
  #isClosed(): boolean {
    return this.#phase === "closed";
  }

  async #openSocket({ mode }: StreamConfig, { audio = null }: Tracks): Promise<void> {
    const { signaling, clientId, listener } = this.#options;
    const { SocketMedia } = await import("./websocket/socket-media.ts");
    if (this.#isClosed()) return;
    const media = new SocketMedia({ url: () => signaling.socketUrl(), clientId, listener });
    this.#media = media;
    try {
      await media.open(audio, mode !== "send");
    } catch (error) {
      media.close();
      this.#media = undefined;
      throw error;
    }
  }
}
