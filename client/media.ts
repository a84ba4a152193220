/** What a call needs of the way its media goes, whichever that is: WebRTC (peer.ts) or a WebSocket (websocket/). */
import type { TransportPath } from "./transport-path.ts";

/** What it tells the call. Nothing is told after `close()`. */
export interface MediaListener {
  /** Media flows and messages can be sent. Again after every interruption that healed. */
  onConnected(): void;
  /** Connectivity is lost for the moment. */
  onDisconnected(): void;
  /** Connectivity is lost for good. */
  onFailed(): void;
  /** The node closed the connection: it has ended the session. */
  onClosed(): void;
  onMessage(text: string): void;
  /** What the other side sends of one kind. */
  onStream(stream: MediaStream, kind: "audio" | "video"): void;
  /** The browser plays nothing before the person clicks somewhere. */
  onBlocked(): void;
}

/** What a call sends of each kind: a track, or null where it only receives. A kind that is absent is not in the call. */
export interface Tracks {
  readonly audio?: MediaStreamTrack | null;
  readonly video?: MediaStreamTrack | null;
}

export interface Media {
  /** Where it is WebRTC's: for its statistics, and to restart its ICE. */
  readonly connection?: RTCPeerConnection;
  /** Sends another track in place of the one of its kind from now on. */
  replaceTrack(track: MediaStreamTrack): Promise<void>;
  /** @returns whether it could be sent. */
  send(text: string): boolean;
  /** The path that media takes, or null before there is one. */
  path(): Promise<TransportPath | null>;
  /** Where it has sound of its own that the browser may hold back: lets it run, in a user gesture. */
  resume?(): Promise<void>;
  close(): void;
}
