/**
 * One attempt to go on over another connection: it is offered for the same session, and takes the former's place as soon as both
 * sides have told each other how far they had heard. Until then the former goes on.
 */
import * as v from "valibot";
import { Resumed } from "../../shared/resume.ts";
import type { StreamConfig } from "../../shared/stream-config.ts";
import type { Media, MediaListener, Tracks } from "../media.ts";
import type { Peer } from "../peer.ts";
import type { Signaling } from "../signaling.ts";
import type { Account } from "./account.ts";
import type { Attempt } from "./attempt.ts";
import { type FreshRealm, openFreshRealm } from "./fresh-realm.ts";

export interface RejoinOptions {
  /** Handed over by the call, which has it loaded: two parts that share a third are three to load. */
  readonly Peer: typeof Peer;
  readonly signaling: Signaling;
  readonly descriptor: StreamConfig;
  /** @throws CallError where the edge or its TURN provider cannot be asked. */
  readonly configure: () => Promise<RTCConfiguration>;
  /** What this is to take the place of. */
  readonly former: RTCPeerConnection;
  readonly tracks: () => Tracks;
  /** Of the call, for the time when it is carried by this. */
  readonly listener: MediaListener;
  /** Of the session. */
  readonly account: Account;
  /** The node is told that this is to take the former's place: from now on it may have let go of that. */
  readonly onResuming: () => void;
  /** From now on this is what carries the call. */
  readonly onJoined: (media: Media) => void;
}

export class Rejoin implements Attempt {
  readonly #options: RejoinOptions;
  readonly #abort = new AbortController();
  #realm: FreshRealm | undefined;
  #peer: Peer | undefined;
  #stream: readonly [MediaStream, "audio" | "video"] | undefined;
  #phase: "joining" | "joined" | "closed" = "joining";
  /** Texts to come that the former still brought after the node was told how far we had heard. */
  #repeated = 0;

  constructor(options: RejoinOptions) {
    this.#options = options;
  }

  async run(sid: string): Promise<void> {
    const { Peer, signaling, descriptor, configure, former, tracks, account } = this.#options;
    // TURN credentials are good for a while.
    const configuration = await configure().catch(() => former.getConfiguration());
    if (this.#phase === "closed") return;
    const realm = openFreshRealm();
    this.#realm = realm;
    const resume = {
      type: "resume",
      // Read when it is sent: the former goes on until then.
      get received() {
        return account.heard;
      },
    } as const;
    const peer = new Peer(configuration, this.#listener, resume, realm.window);
    this.#peer = peer;
    const offers = {
      offer: (sdp: string) => signaling.restart(sdp, sid, this.#abort.signal),
      candidate: (candidate: RTCIceCandidateInit) => signaling.candidate(candidate),
    };
    await peer.negotiate(offers, tracks(), descriptor.mode !== "send");
  }

  close(): void {
    if (this.#phase !== "joining") return;
    this.#phase = "closed";
    this.#abort.abort();
    this.#peer?.close();
    this.#realm?.close();
  }

  /** What it tells is the call's business only once it has taken the place. */
  readonly #listener: MediaListener = {
    onConnected: () => {
      if (this.#phase === "joining") this.#options.onResuming();
      else this.#call?.onConnected();
    },
    onDisconnected: () => this.#call?.onDisconnected(),
    onFailed: () => this.#call?.onFailed(),
    onClosed: () => this.#call?.onClosed(),
    onBlocked: () => this.#call?.onBlocked(),
    onMessage: (text) => {
      if (this.#phase === "joining") this.#join(text);
      else if (this.#repeated > 0) this.#repeated -= 1;
      else this.#call?.onMessage(text);
    },
    onStream: (stream, kind) => {
      this.#stream = [stream, kind];
      this.#call?.onStream(stream, kind);
    },
  };

  get #call(): MediaListener | undefined {
    return this.#phase === "joined" ? this.#options.listener : undefined;
  }

  #join(text: string): void {
    const peer = this.#peer;
    const resumed = readResumed(text);
    if (peer === undefined || resumed === null) return;
    this.#phase = "joined";
    const { account, onJoined, tracks } = this.#options;
    const { received, sent } = resumed.data;
    this.#repeated = sent === undefined ? 0 : account.repeated(sent);
    onJoined(new JoinedMedia(peer, this.#realm));
    // Another may have been chosen since the offer.
    for (const track of Object.values(tracks())) if (track !== null) peer.replaceTrack(track).catch(ignore);
    for (const missed of account.missing(received)) peer.send(missed);
    if (this.#stream !== undefined) this.#call?.onStream(...this.#stream);
  }
}

function readResumed(text: string): Resumed | null {
  try {
    const parsed = v.safeParse(Resumed, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** It is closed already. */
function ignore(): void {
  // Nothing to do.
}

/** A peer, with the realm that it lives in. */
class JoinedMedia implements Media {
  readonly #peer: Peer;
  readonly #realm: FreshRealm | undefined;

  constructor(peer: Peer, realm: FreshRealm | undefined) {
    this.#peer = peer;
    this.#realm = realm;
  }

  get connection(): RTCPeerConnection {
    return this.#peer.connection;
  }

  replaceTrack: Media["replaceTrack"] = (track) => this.#peer.replaceTrack(track);
  send: Media["send"] = (text) => this.#peer.send(text);
  path: Media["path"] = () => this.#peer.path();

  close(): void {
    this.#peer.close();
    this.#realm?.close();
  }
}
