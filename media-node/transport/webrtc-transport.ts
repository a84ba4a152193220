/** A session over WebRTC: the peer connection, and its RTP as audio. */
import type { IceCandidate } from "../../shared/candidate.ts";
import type { Mode } from "../../shared/descriptor.ts";
import { createSpeechDecoder, createSpeechEncoder, opusRateFor } from "../audio/opus.ts";
import { AudioReceiver } from "../audio/receiver.ts";
import type { Clock } from "../time/clock.ts";
import type { VideoTrack } from "../video/types.ts";
import type { IceOptions } from "./ice-options.ts";
import type { AudioOutput, ListenFormat, MediaTransport, TransportEvents } from "./media-transport.ts";
import type { OfferRules } from "./offer-check.ts";
import { Peer } from "./peer.ts";

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
  readonly #clock: Clock;
  readonly #events: TransportEvents;
  readonly #peer: Peer;
  readonly #mode: Mode;
  /** As in FastRTC, who only receives need not have a data channel; with one, what is sent first is not lost. */
  #needsChannel: "yes" | "no" = "yes";
  #receiver: AudioReceiver | undefined;
  #state: "open" | "closed" = "open";

  constructor(options: WebRtcOptions, events: TransportEvents) {
    this.#clock = options.clock;
    this.#mode = options.mode;
    this.#events = events;
    const peer = new Peer({
      ...options,
      events: {
        connected: () => {
          events.connected();
          if (this.#needsChannel === "no") events.channelOpen();
        },
        channelOpen: () => events.channelOpen(),
        message: (text) => events.message(text),
        rtp: (packet) => this.#receiver?.push(packet),
        ended: (reason) => events.ended(reason),
      },
      video: events.video,
    });
    this.#peer = peer;
    this.output = {
      rateFor: opusRateFor,
      createEncoder: createSpeechEncoder,
      send: (payload, timestamp, marker) => peer.sendRtp(payload, timestamp, marker),
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

  /** See {@link Peer.restart}. */
  restart(sdp: string): Promise<string> {
    return this.#peer.restart(sdp);
  }

  /** @returns false where the connection is closed. */
  async addCandidate(candidate: IceCandidate): Promise<boolean> {
    if (this.#state === "closed") return false;
    await this.#peer.addCandidate(candidate);
    return true;
  }

  async listen({ sampleRate, channels }: ListenFormat): Promise<void> {
    const decoder = await createSpeechDecoder(opusRateFor(sampleRate), channels);
    if (this.#state === "closed") {
      decoder.free();
      return;
    }
    this.#receiver = new AudioReceiver({
      clock: this.#clock,
      decoder,
      sampleRate,
      onFrame: (frame) => this.#events.audio(frame),
    });
  }

  sendText(text: string): boolean {
    return this.#peer.sendText(text);
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.#receiver?.close();
    this.#receiver = undefined;
    await this.#peer.close();
  }
}
