/**
 * The way a call's media goes: WebRTC, and a WebSocket where that is asked for, or where WebRTC does not come up, as behind a
 * firewall without UDP. It decides once, before the call is connected.
 */
import type { StreamDescriptor } from "../shared/descriptor.ts";
import { CallError } from "./errors.ts";
import type { Media, MediaListener, Tracks } from "./media.ts";
import type { CallOptions } from "./options.ts";
import { Peer } from "./peer.ts";
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
  /** Default: the stream's own. */
  readonly rtcConfiguration: RTCConfiguration | undefined;
  readonly listener: MediaListener;
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

  /**
   * Settles once the call is up, or on its way; the listener is told when it is up.
   * @throws CallError the edge's refusal, `edge_unreachable`, `connect_timeout`, ...
   */
  async connect(descriptor: StreamDescriptor, tracks: Tracks): Promise<void> {
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

  send(text: string): boolean {
    return this.#media?.send(text) ?? false;
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
  async #tryPeer(descriptor: StreamDescriptor, tracks: Tracks): Promise<boolean> {
    const { signaling, transport, rtcConfiguration = toRtcConfiguration(descriptor) } = this.#options;
    const mayFallBack = transport === "auto" && descriptor.modality === "audio";
    const verdict = mayFallBack ? Promise.withResolvers<"up" | "stuck">() : undefined;
    this.#verdict = verdict;
    const peer = new Peer(rtcConfiguration, this.#listenTo(verdict));
    this.#media = peer;
    await peer.negotiate(signaling, tracks, descriptor.mode !== "send", descriptor.rtpParams ?? {});
    if (this.#phase === "new") this.#phase = "answered";
    if (verdict === undefined || this.#isClosed()) return true;
    this.#timers.set("fall_back", FALL_BACK_MS, () => verdict.resolve("stuck"));
    const came = await verdict.promise;
    this.#timers.clear("fall_back");
    return came === "up";
  }

  #listenTo(verdict: PromiseWithResolvers<"up" | "stuck"> | undefined): MediaListener {
    const { listener } = this.#options;
    return {
      ...listener,
      onConnected: () => {
        this.#phase = "up";
        verdict?.resolve("up");
        listener.onConnected();
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

  async #openSocket({ mode }: StreamDescriptor, { audio = null }: Tracks): Promise<void> {
    const { signaling, clientId, listener } = this.#options;
    const [{ SocketMedia }, url] = await Promise.all([import("./websocket/socket-media.ts"), signaling.socketUrl()]);
    if (this.#isClosed()) return;
    const media = new SocketMedia({ url, clientId, listener });
    this.#media = media;
    try {
      await media.open(audio, mode !== "send");
    } catch (error) {
      // Neither way: what the reader can do about it is the same.
      const lost = error instanceof CallError && error.code === "connection_lost";
      throw lost ? new CallError("connect_timeout", { cause: error }) : error;
    }
  }
}

/** A descriptor's configuration without the `undefined`s that the browser's type does not allow. */
function toRtcConfiguration({ rtcConfiguration }: StreamDescriptor): RTCConfiguration {
  const { iceServers, iceTransportPolicy } = rtcConfiguration ?? {};
  return {
    iceServers: (iceServers ?? []).map(({ urls, username, credential }) => ({
      urls,
      ...(username !== undefined && { username }),
      ...(credential !== undefined && { credential }),
    })),
    ...(iceTransportPolicy !== undefined && { iceTransportPolicy }),
  };
}
