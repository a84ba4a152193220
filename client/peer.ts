/** The peer connection of a call: its offer, its data channel and how its connection fares. */
import type { ClientHello } from "../shared/channel.ts";
import type { ClientResume } from "../shared/resume.ts";
import { CHANNEL_LABEL } from "../shared/server-message.ts";
import { Candidates } from "./candidates.ts";
import { CallError } from "./errors.ts";
import type { Media, MediaListener, Tracks } from "./media.ts";
import type { Signaling } from "./signaling.ts";
import type { TransportPath } from "./transport-path.ts";

export class Peer implements Media {
  readonly connection: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #listener: MediaListener;
  readonly #senders = new Map<string, RTCRtpSender>();
  #candidates: Candidates | undefined;
  #greeting: ClientHello | ClientResume | undefined;
  #closed = false;

  /** @param greeting what it says first. @param realm whose connections it makes. */
  constructor(
    configuration: RTCConfiguration,
    listener: MediaListener,
    greeting: ClientHello | ClientResume = { type: "hello", protocol: 1 },
    { RTCPeerConnection }: Pick<typeof globalThis, "RTCPeerConnection"> = globalThis,
  ) {
    if (RTCPeerConnection === undefined) throw new CallError("webrtc_unsupported");
    this.#listener = listener;
    this.#greeting = greeting;
    // One transport for audio and data: half the candidates to gather and to send.
    this.connection = new RTCPeerConnection({ bundlePolicy: "max-bundle", ...configuration });
    this.connection.addEventListener("connectionstatechange", this.#onChange);
    this.connection.addEventListener("track", ({ streams: [stream], track }) => {
      // Sound and picture are played by elements of their own.
      if (track.kind === "video") listener.onStream(new MediaStream([track]), "video");
      else listener.onStream(stream ?? new MediaStream([track]), "audio");
    });
    this.#channel = this.connection.createDataChannel(CHANNEL_LABEL);
    this.#channel.addEventListener("open", this.#onChange);
    this.#channel.addEventListener("close", () => {
      if (!this.#closed) listener.onClosed();
    });
    this.#channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (!this.#closed && typeof data === "string") listener.onMessage(data);
    });
  }

  /**
   * Sends the offer before any candidate is gathered, and the candidates behind the answer, if the call needs them.
   * @param rtpParams for the video's sender, such as its `degradationPreference`.
   * @throws CallError as {@link Signaling.offer} does.
   */
  async negotiate(
    signaling: Pick<Signaling, "offer" | "candidate">,
    tracks: Tracks,
    receives: boolean,
    rtpParams: object = {},
  ): Promise<void> {
    const connection = this.connection;
    for (const [kind, track] of Object.entries(tracks)) {
      if (track === null) connection.addTransceiver(kind, { direction: "recvonly" });
      else if (track !== undefined) {
        const direction = receives ? "sendrecv" : "sendonly";
        // With a stream id, so that the other side's track event has a stream too.
        const { sender } = connection.addTransceiver(track, { direction, streams: [new MediaStream([track])] });
        this.#senders.set(kind, sender);
      }
    }
    await connection.setLocalDescription();
    const candidates = new Candidates((candidate) => {
      signaling.candidate(candidate).catch(ignore);
    });
    this.#candidates = candidates;
    connection.addEventListener("icecandidate", ({ candidate }) => {
      // The empty candidate is the end of a generation: FastRTC would call it malformed.
      if (candidate?.candidate) candidates.add(candidate.toJSON());
    });
    const sdp = await signaling.offer(connection.localDescription?.sdp ?? "");
    if (this.#closed) return;
    await connection.setRemoteDescription({ type: "answer", sdp });
    candidates.answered(sdp);
    const video = this.#senders.get("video");
    if (video === undefined || Object.keys(rtpParams).length === 0) return;
    await video.setParameters({ ...video.getParameters(), ...rtpParams });
  }

  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    await this.#senders.get(track.kind)?.replaceTrack(track);
  }

  /** @returns whether the channel was open. */
  send(text: string): boolean {
    if (this.#channel.readyState !== "open") return false;
    this.#channel.send(text);
    return true;
  }

  /** The path that media takes, or null before there is one. */
  async path(): Promise<TransportPath | null> {
    const [{ readPath }, report] = await Promise.all([import("./transport-path.ts"), this.connection.getStats()]);
    return readPath(report.values());
  }

  close(): void {
    this.#closed = true;
    this.#candidates?.close();
    this.connection.close();
  }

  #onConnected(): void {
    if (this.#greeting !== undefined) this.send(JSON.stringify(this.#greeting));
    this.#greeting = undefined;
    this.#listener.onConnected();
  }

  #onChange = (): void => {
    if (this.#closed) return;
    const state = this.connection.connectionState;
    if (state === "connected") this.#candidates?.close();
    if (state === "connected" && this.#channel.readyState === "open") this.#onConnected();
    else if (state === "disconnected") this.#listener.onDisconnected();
    else if (state === "failed") this.#listener.onFailed();
  };
}

/** A candidate that does not reach the edge costs nothing: the call may come up through the others. */
function ignore(): void {
  // Nothing to do.
}
