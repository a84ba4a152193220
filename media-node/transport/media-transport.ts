/**
 * What a session needs of whatever its client is connected by: WebRTC, a WebSocket, a telephone line. How a connection comes
 * about is each transport's own; everything after that, from limits to interruption, is the session's and the same for all.
 */
import type { EndReason } from "../../shared/session.ts";
import type { CallStart } from "../../shared/telephone/call-message.ts";
import type { AudioEncoder } from "../audio/audio-encoder.ts";
import type { AudioFrame } from "../audio/frame.ts";
import type { Pacing } from "../audio/player.ts";
import type { VideoTrack, VideoTrackEvents } from "../video/types.ts";

/** How a connection can end by itself. */
export type TransportEnd = Extract<EndReason, "client_closed" | "peer_lost" | "failed">;

export interface TransportEvents {
  /** Media could flow. */
  connected(): void;
  /** The client can be sent messages, and the handler may start. After {@link connected}. */
  channelOpen(): void;
  /** A text of the client's. */
  message(text: string): void;
  /** The client speaks EdgeRTC's extension (shared/channel.ts), where it says so other than by a message. */
  hello(): void;
  /** Once {@link MediaTransport.listen} has settled: gapless, at the rate that was asked for. */
  audio(frame: AudioFrame): void;
  /** A key of the client's telephone: `0` to `9`, `*`, `#`, `A` to `D`. */
  dtmf(digit: string): void;
  /** Of the client's video, where the stream has video. */
  readonly video?: VideoTrackEvents | undefined;
  /** Once, unless {@link MediaTransport.close} came first. */
  ended(reason: TransportEnd): void;
}

/** The client's audio as the handler wants it. */
export interface ListenFormat {
  /** Samples per second and channel. */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
}

export interface MediaTransport {
  /**
   * FastRTC's manners: on a data channel (`channel`) it echoes what the client sends and announces the end with
   * `end_stream`, and leaves it to the client to hang up; a `socket` is closed. So is a `telephone`, which has no page: it is asked for
   * no inputs.
   */
  readonly manners: "channel" | "socket" | "telephone";
  /** Of a telephone call: who is on the line, through whom. */
  readonly call?: CallStart;
  /** How the audio that is sent is coded and paced. */
  readonly output: AudioOutput;
  /** Where the client has video, once it is connected. */
  readonly video?: VideoTrack | undefined;
  /** Hands the client's audio on from now on. */
  listen(format: ListenFormat): Promise<void>;
  /** @returns false where the client cannot be sent anything now. */
  sendText(text: string): boolean;
  /** Closes the connection, saying goodbye; {@link TransportEvents.ended} is not called any more. */
  close(reason: EndReason): Promise<void>;
}

export interface AudioOutput {
  /** The rate that audio of this rate is encoded at. */
  rateFor(sampleRate: number): number;
  createEncoder(sampleRate: number): Promise<AudioEncoder>;
  /** Absent: each frame at its time. */
  readonly pacing?: Pacing;
  /** How far what the client hears is behind the time of what was sent, in milliseconds, where that is measured. */
  lagMs?(): number;
  /** Sends one frame; `timestamp` in 48 kHz units; `marker` on the first after a pause. */
  send(payload: Uint8Array, timestamp: number, marker: boolean): void;
  /** Everything that may leave for now has been sent. */
  flush?(): void;
  /** What was sent ahead of its time is not to be heard any more. */
  clear?(): void;
  /** Whether the client drops that for certain, so that it may be sent again. Default false. */
  readonly recalls?: boolean;
}
