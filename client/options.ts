/** The public shape of a call: what it takes, what it tells, what it can be asked to do. */
import type { ExtensionMessage, TurnState } from "../shared/server-message.ts";
import type { EndReason } from "../shared/session.ts";
import type { StreamConfig } from "../shared/stream-config.ts";
import type { CallError } from "./errors.ts";
import type { Levels } from "./levels.ts";
import type { ChannelMessage } from "./messages.ts";
import type { CallState } from "./state.ts";
import type { CallStatistics } from "./statistics.ts";
import type { TransportPath } from "./transport-path.ts";

export interface CallOptions {
  /** Where the edge is. Default "": the page's own origin. */
  readonly url?: string;
  /** The stream's name. Default: the one at the root. */
  readonly stream?: string;
  /**
   * The microphone: constraints for it, or a track of your own, which stays yours to stop. Default: the stream's
   * constraints. `false`: the call only listens.
   */
  readonly audio?: MediaTrackConstraints | MediaStreamTrack | false;
  /** The camera, as `audio` is the microphone, for streams with video. `false`: the call only watches. */
  readonly video?: MediaTrackConstraints | MediaStreamTrack | false;
  /**
   * A join token of the application's backend, or how to get one: asked right before the offer, and again where a WebSocket is
   * tried behind it, as a token is good for one call. Also for the edge's TURN servers, which use no token up. Default none.
   */
  readonly token?: string | (() => Promise<string>);
  /**
   * `auto`: WebRTC, and where that does not come up within five seconds, as behind a firewall without UDP, a WebSocket.
   * Streams with video have WebRTC only. Default `auto`.
   */
  readonly transport?: "auto" | "webrtc" | "websocket";
  /** Default: the stream's own, from its descriptor; else what the edge's TURN provider gives for this call, if it has one. */
  readonly rtcConfiguration?: RTCConfiguration;
  /**
   * Whether a call whose time is up, on a stream that gives it a place in line again (docs/queue.md), takes it: it is `queued`, and
   * connected again when it is its turn, until it is ended. Default true, but with a `token` that is a string, good for one call.
   */
  readonly rejoin?: boolean;
  /** The stream's descriptor where you have it already: saves a request. */
  readonly descriptor?: StreamConfig;
}

type Extension<Type extends ExtensionMessage["type"]> = Extract<ExtensionMessage, { type: Type }>["data"];

/** A piece of conversation. The same `id` again replaces the text: a line that grows. */
export type TranscriptLine = Extension<"transcript">;

/** Frames sent a second, frames given up because newer ones came, and the time one took through the node. */
export type VideoReport = Extension<"video">;

export interface CallEnd {
  readonly reason: EndReason | "failed";
  /** Set where the end was not an ordinary one. */
  readonly error: CallError | null;
}

export interface CallEvents {
  state: CallState;
  /** Every message of the data channel, those of the events below included. */
  message: ChannelMessage;
  transcript: TranscriptLine;
  turn: TurnState;
  /** The arguments of one AdditionalOutputs. */
  output: readonly unknown[];
  /** The camera, for a preview; null when it is off. */
  localVideo: MediaStream | null;
  /** What the stream shows. */
  remoteVideo: MediaStream;
  /** How the stream's video fares at the media node, about once a second. */
  videoReport: VideoReport;
  /** On every animation frame while the call lasts; measured only if somebody listens when it starts. */
  levels: Levels;
  /** Fatal ones, right before `end`, and others: `handler_failed`, `autoplay_blocked`, `microphone_lost`, `camera_lost`;
   * `turn_unavailable` and the like, once, where the call goes on without TURN. */
  error: CallError;
  /** Once, whatever ended the call. */
  end: CallEnd;
}

export interface CallInfo {
  /** What this client calls the session (`webrtc_id`). */
  readonly clientId: string;
  /** What the edge calls it; null until the server said so. */
  readonly sid: string | null;
  readonly stream: string;
  /** What carries the call, or is about to. */
  readonly transport: TransportPath["transport"];
  /** Milliseconds from the offer to connected; null before that. */
  readonly connectMs: number | null;
}

/** One conversation: made for it, started once, ended once. */
export interface Call {
  readonly state: CallState;
  readonly info: CallInfo;
  /**
   * Asks for the microphone and connects. To be called in a user gesture, so that sound may play.
   * @throws CallError as the `error` event has it; `call_ended` if `end()` came first.
   */
  start(): Promise<void>;
  /** @returns a function that takes the listener off again. */
  on<Name extends keyof CallEvents>(name: Name, listener: (value: CallEvents[Name]) => void): () => void;
  /** Sends silence instead of the microphone. */
  mute(muted: boolean): void;
  muteSpeaker(muted: boolean): void;
  /**
   * Changes the microphone in mid-call.
   * @throws CallError `microphone_denied`, `microphone_missing`, ...: the old one goes on then.
   */
  setMicrophone(constraints: MediaTrackConstraints): Promise<void>;
  /** Sends black instead of the camera. */
  muteCamera(muted: boolean): void;
  /**
   * Changes the camera in mid-call.
   * @throws CallError `camera_denied`, `camera_missing`, ...: the old one goes on then.
   */
  setCamera(constraints: MediaTrackConstraints): Promise<void>;
  /**
   * Sends inputs that the stream declares; those that are not among them keep their values.
   * @throws CallError `invalid_inputs`, `unknown_connection`, `edge_unreachable` ...
   */
  setInputs(values: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * Sends text to the handler on the data channel.
   * @throws CallError `not_connected`, `message_too_large`.
   */
  send(text: string): void;
  /** Plays after `autoplay_blocked`; to be called in a user gesture. The next click or key on the page does it, too. */
  resumePlayback(): Promise<void>;
  /** Milliseconds until the stream's time limit, never below 0; null without one. */
  remainingMs(): number | null;
  /** Which way media goes; null before it is connected. */
  path(): Promise<TransportPath | null>;
  /** How it fares: round trip, loss, jitter, codec, path. Asked for as often as it is to be shown, such as once a second. */
  statistics(): Promise<CallStatistics>;
  /** Hangs up. The server sees it at once. Harmless at any time, and again. */
  end(): Promise<void>;
}
