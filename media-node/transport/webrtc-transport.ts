/** A session over WebRTC: the peer connection, and its RTP as audio. */
import * as v from "valibot";
import type { IceCandidate } from "../../shared/candidate.ts";
import type { Mode } from "../../shared/descriptor.ts";
import { EdgeRtcError } from "../../shared/errors.ts";
import { KeptTexts } from "../../shared/kept-texts.ts";
import { ClientResume, type Resumed } from "../../shared/resume.ts";
import { createSpeechDecoder, createSpeechEncoder, opusRateFor } from "../audio/opus.ts";
import { AudioReceiver } from "../audio/receiver.ts";
import type { Clock, Timer } from "../time/clock.ts";
import type { VideoTrack } from "../video/types.ts";
import type { IceOptions } from "./ice-options.ts";
import type { AudioOutput, ListenFormat, MediaTransport, TransportEnd, TransportEvents } from "./media-transport.ts";
import type { OfferRules } from "./offer-check.ts";
import { Peer } from "./peer.ts";

/** A connection that is to take the place of a session's former one has this long. The client tries again sooner. */
const SUCCESSION_TIMEOUT_MS = 10_000;

/** A connection that may take the place of the session's own. */
interface Successor {
  readonly peer: Peer;
  readonly timer: Timer;
  drop(): void;
}

export interface WebRtcOptions extends OfferRules {
  readonly mode: Mode;
  readonly ice: IceOptions;
  readonly clock: Clock;
  /** See {@link PeerOptions.maxVideoBitsPerSecond}. */
  readonly maxVideoBitsPerSecond?: number | undefined;
}

export class WebRtcTransport implements MediaTransport {
  readonly manners = "channel";
  readonly output: AudioOutput;
  readonly #options: WebRtcOptions;
  readonly #clock: Clock;
  readonly #events: TransportEvents;
  readonly #mode: Mode;
  /** What carries the session. */
  #peer: Peer;
  /** What is to take its place. */
  #successor: Successor | undefined;
  /** Why there is nothing that carries the session, while something may still take its place. */
  #lost: TransportEnd | undefined;
  readonly #sent = new KeptTexts();
  #received = 0;
  /** As in FastRTC, who only receives need not have a data channel; with one, what is sent first is not lost. */
  #needsChannel: "yes" | "no" = "yes";
  /** Whether the client could be talked to: what was never up is not taken the place of. */
  #started: "yes" | "no" = "no";
  #format: ListenFormat | undefined;
  #receiver: AudioReceiver | undefined;
  #state: "open" | "closed" = "open";

  constructor(options: WebRtcOptions, events: TransportEvents) {
    this.#options = options;
    this.#clock = options.clock;
    this.#mode = options.mode;
    this.#events = events;
    this.#peer = this.#createPeer();
    this.output = {
      rateFor: opusRateFor,
      createEncoder: createSpeechEncoder,
      send: (payload, timestamp, marker) => this.#peer.sendRtp(payload, timestamp, marker),
    };
  }

  get video(): VideoTrack | undefined {
    return this.#peer.video;
  }

  /** See {@link Peer.answer}. */
  answer(sdp: string, candidates: readonly IceCandidate[]): Promise<string> {
    if (this.#mode === "receive" && !/^m=application /m.test(sdp)) this.#needsChannel = "no";
    return this.#peer.answer(sdp, candidates);
  }

  /**
   * Answers an offer of a client whose network has changed. One of the same connection restarts its ICE. Another is for a
   * connection that takes its place, once the client has said on its data channel how far it has heard; until then the former goes on.
   * @throws EdgeRtcError `cannot_restart` where nothing was up yet, and for another connection of a stream with video.
   */
  async restart(sdp: string): Promise<string> {
    if (this.#peer.isFor(sdp)) return await this.#peer.restart(sdp);
    if (this.#started !== "yes" || this.#options.modality !== "audio") throw new EdgeRtcError("cannot_restart");
    this.#successor?.drop();
    const peer = this.#createPeer();
    const timer = this.#clock.after(SUCCESSION_TIMEOUT_MS, () => this.#dropSuccessor(peer));
    const drop = (): void => {
      timer.cancel();
      peer.close().catch(ignore);
    };
    this.#successor = { peer, timer, drop };
    try {
      return await peer.answer(sdp, []);
    } catch (error) {
      this.#dropSuccessor(peer);
      throw error;
    }
  }

  /** @returns false where the connection is closed. */
  async addCandidate(candidate: IceCandidate): Promise<boolean> {
    if (this.#state === "closed") return false;
    await (this.#successor?.peer ?? this.#peer).addCandidate(candidate);
    return true;
  }

  async listen(format: ListenFormat): Promise<void> {
    this.#format = format;
    await this.#listenAnew(format);
  }

  async #listenAnew({ sampleRate, channels }: ListenFormat): Promise<void> {
    const decoder = await createSpeechDecoder(opusRateFor(sampleRate), channels);
    if (this.#state === "closed") {
      decoder.free();
      return;
    }
    this.#receiver?.close();
    this.#receiver = new AudioReceiver({
      clock: this.#clock,
      decoder,
      sampleRate,
      onFrame: (frame) => this.#events.audio(frame),
    });
  }

  sendText(text: string): boolean {
    const sent = this.#peer.sendText(text);
    if (sent) this.#sent.add(text);
    return sent;
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.#receiver?.close();
    this.#receiver = undefined;
    this.#successor?.drop();
    this.#successor = undefined;
    await this.#peer.close();
  }

  #createPeer(): Peer {
    const events = this.#events;
    const peer: Peer = new Peer({
      ...this.#options,
      events: {
        connected: () => {
          if (peer !== this.#peer) return;
          events.connected();
          if (this.#needsChannel === "no") this.#start();
        },
        channelOpen: () => {
          if (peer === this.#peer) this.#start();
        },
        message: (text) => {
          if (peer === this.#peer) this.#onText(text);
          else if (peer === this.#successor?.peer) this.#succeed(peer, text);
        },
        rtp: (packet) => {
          if (peer === this.#peer) this.#receiver?.push(packet);
        },
        ended: (reason) => this.#onEnded(peer, reason),
      },
      video: events.video,
    });
    return peer;
  }

  #start(): void {
    this.#started = "yes";
    this.#events.channelOpen();
  }

  #onText(text: string): void {
    this.#received += 1;
    this.#events.message(text);
  }

  /** The first that comes over it says how far the client has heard: from then on it is what carries the session. */
  #succeed(peer: Peer, text: string): void {
    const received = readResume(text);
    if (received === undefined) {
      this.#dropSuccessor(peer);
      return;
    }
    const former = this.#peer;
    this.#successor?.timer.cancel();
    this.#successor = this.#lost = undefined;
    this.#peer = peer;
    const missed = this.#sent.after(received);
    const sent = this.#sent.count - missed.length;
    const resumed: Resumed = { type: "resumed", data: { received: this.#received, sent } };
    peer.sendText(JSON.stringify(resumed));
    for (const text of missed) peer.sendText(text);
    former.close().catch(ignore);
    // Its numbers and times begin anew.
    this.#receiver?.close();
    this.#receiver = undefined;
    if (this.#format !== undefined) this.#listenAnew(this.#format).catch(() => this.#events.ended("failed"));
  }

  #onEnded(peer: Peer, reason: TransportEnd): void {
    if (peer === this.#successor?.peer) this.#dropSuccessor(peer);
    else if (peer !== this.#peer) return;
    else if (this.#successor !== undefined && reason !== "client_closed") this.#lost = reason;
    else this.#events.ended(reason);
  }

  #dropSuccessor(peer: Peer): void {
    if (this.#successor?.peer !== peer) return;
    this.#successor.drop();
    this.#successor = undefined;
    if (this.#lost !== undefined) this.#events.ended(this.#lost);
  }
}

/** How many texts the client has had, as its new connection begins; undefined for any other text. */
function readResume(text: string): number | undefined {
  try {
    const parsed = v.safeParse(ClientResume, JSON.parse(text));
    return parsed.success ? parsed.output.received : undefined;
  } catch {
    return undefined;
  }
}

/** A connection that is going away, and that nothing hangs on any more. */
function ignore(): void {
  // Nothing to do.
}
