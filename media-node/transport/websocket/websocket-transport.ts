/**
 * A session over a WebSocket: FastRTC's messages (fastrtc's `/websocket/offer`), with a codec, a rate and binary audio where
 * the client's `start` asked for them. It begins when that has come.
 */
import type { RawData, WebSocket } from "ws";
import { pythonJson } from "../../../shared/channel.ts";
import { ERRORS, type ErrorCode, failedBody, fastRtcRefusal } from "../../../shared/errors.ts";
import {
  MAX_SOCKET_BACKLOG_BYTES,
  MAX_SOCKET_MESSAGE_BURST,
  MAX_SOCKET_MESSAGES_PER_SECOND,
} from "../../../shared/limits.ts";
import { RateBucket } from "../../../shared/rate-bucket.ts";
import type { EndReason } from "../../../shared/session.ts";
import {
  isExtended,
  SOCKET_PING_INTERVAL_MS,
  type SocketCodec,
  type SocketReply,
  type StartMessage,
} from "../../../shared/websocket.ts";
import { OPUS_CLOCK_RATE } from "../../audio/opus.ts";
import type { Pacing } from "../../audio/player.ts";
import type { Clock, Timer } from "../../time/clock.ts";
import type { AudioOutput, ListenFormat, MediaTransport, TransportEnd, TransportEvents } from "../media-transport.ts";
import { IncomingAudio } from "./incoming-audio.ts";
import { createSocketDecoder, createSocketEncoder, type SocketDecoder } from "./socket-codec.ts";
import { readSocketMessage } from "./socket-message.ts";
import { bytesOf, PONG, textOf } from "./socket-start.ts";

/**
 * A client plays what it gets one piece after the other: a little in hand takes the network's unevenness, and pieces that are
 * not too small keep pages that join them by callbacks from crackling. What is ahead is what an interruption cannot take back
 * from a client that does not know `clear`.
 */
const PACING: Pacing = { leadMs: 120, chunkMs: 60 };

/** TCP does not say that a peer has vanished: it is asked this often, and gone when it has not answered twice. */
const PING_MS = 10_000;
const NO_PONG_MS = 25_000;
/** Without a word for this long: gone. FastRTC's clients need not say anything, but do not stay silent for minutes. */
const SILENT_MS = 5 * 60_000;
/** Clients that speak the extension say `ping`. */
const EXTENSION_SILENT_MS = 4 * SOCKET_PING_INTERVAL_MS;

/** The closing handshake takes no longer than this, or the socket is dropped. */
const CLOSE_TIMEOUT_MS = 2_000;
const NORMAL_CLOSE = 1000;

export interface WebSocketTransportOptions {
  readonly socket: WebSocket;
  readonly start: StartMessage;
  readonly sid: string;
  /** What the handler takes and emits, in samples per second: FastRTC's clients are supposed to know. */
  readonly handlerRates: { readonly input: number; readonly output: number };
  readonly clock: Clock;
}

export class WebSocketTransport implements MediaTransport {
  readonly manners = "socket";
  readonly output: AudioOutput;
  readonly #socket: WebSocket;
  readonly #start: StartMessage;
  readonly #sid: string;
  readonly #clock: Clock;
  readonly #events: TransportEvents;
  readonly #codec: SocketCodec;
  readonly #inputRate: number;
  readonly #outputRate: number;
  readonly #rate = new RateBucket(MAX_SOCKET_MESSAGES_PER_SECOND, MAX_SOCKET_MESSAGE_BURST);
  /** Audio that is about to leave in one message. */
  #pieces: Uint8Array[] = [];
  #decoder: SocketDecoder | undefined;
  #incoming: IncomingAudio | undefined;
  #heardMs: number;
  #pongMs: number;
  #watch: Timer | undefined;
  #closing: Timer | undefined;
  /** Whether the client has been told that it sends audio too fast, and does so still. */
  #toldTooFast = false;
  #state: "open" | "closed" = "open";

  constructor(options: WebSocketTransportOptions, events: TransportEvents) {
    const { socket, start, sid, handlerRates, clock } = options;
    this.#socket = socket;
    this.#start = start;
    this.#sid = sid;
    this.#clock = clock;
    this.#events = events;
    this.#codec = start.codec ?? "mulaw";
    const asked = start.sample_rate ?? (this.#codec === "opus" ? OPUS_CLOCK_RATE : undefined);
    this.#inputRate = asked ?? handlerRates.input;
    this.#outputRate = asked ?? handlerRates.output;
    this.#heardMs = clock.nowMs();
    this.#pongMs = clock.nowMs();
    this.output = {
      rateFor: () => this.#outputRate,
      createEncoder: (rate) => createSocketEncoder(this.#codec, rate),
      pacing: PACING,
      recalls: start.protocol !== undefined,
      send: (payload) => {
        this.#pieces.push(payload);
        // A packet of Opus has no length of its own.
        if (this.#codec === "opus") this.#flush();
      },
      flush: () => this.#flush(),
      clear: () => this.#reply({ event: "clear" }),
    };
  }

  /** The client has said `start`. */
  begin(): void {
    const { protocol, binary = false } = this.#start;
    this.#socket.on("message", this.#onMessage);
    this.#socket.on("pong", this.#onPong);
    this.#socket.on("close", this.#onClose);
    this.#watchPeer();
    if (isExtended(this.#start)) {
      const rates = { input_rate: this.#inputRate, output_rate: this.#outputRate };
      this.#reply({ event: "started", sid: this.#sid, codec: this.#codec, binary, ...rates });
    }
    this.#events.connected();
    if (protocol !== undefined) this.#events.hello();
    this.#events.channelOpen();
  }

  async listen(format: ListenFormat): Promise<void> {
    const decoder = await createSocketDecoder(this.#codec, this.#inputRate);
    if (this.#state === "closed") {
      decoder.free();
      return;
    }
    this.#decoder = decoder;
    this.#incoming = new IncomingAudio({
      ...format,
      clock: this.#clock,
      sourceRate: this.#inputRate,
      onFrame: (frame) => this.#events.audio(frame),
    });
  }

  sendText(text: string): boolean {
    return this.#send(text);
  }

  async close(reason: EndReason): Promise<void> {
    if (this.#state === "closed") return;
    if (reason === "client_id_taken") this.#send(JSON.stringify(fastRtcRefusal("connection_already_exists")));
    this.#release();
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    this.#socket.close(NORMAL_CLOSE, reason);
    this.#closing = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.terminate());
    this.#socket.once("close", () => this.#closing?.cancel());
  }

  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    this.#heardMs = this.#clock.nowMs();
    if (!this.#rate.take(this.#heardMs)) return;
    if (isBinary) {
      if (this.#start.binary === true) this.#hear(bytesOf(data));
      else this.#refuse();
      return;
    }
    const message = readSocketMessage(textOf(data));
    switch (message?.event) {
      case undefined:
        this.#refuse();
        break;
      case "media":
        this.#hear(Buffer.from(message.media.payload, "base64"));
        break;
      case "ping":
        this.#send(PONG);
        break;
      case "message":
        this.#events.message(message.text);
        break;
      case "stop":
        this.#end("client_closed");
        break;
      case "start":
      case "unknown":
        // FastRTC goes on as if nothing had been said.
        break;
    }
  };

  readonly #onPong = (): void => {
    this.#pongMs = this.#clock.nowMs();
  };

  readonly #onClose = (): void => this.#end("client_closed");

  #hear(bytes: Uint8Array): void {
    if (this.#incoming === undefined || this.#decoder === undefined || bytes.length === 0) return;
    const taken = this.#incoming.push(this.#decoder.decode(bytes));
    if (!taken && !this.#toldTooFast) this.#tell("socket_audio_dropped");
    this.#toldTooFast = !taken;
  }

  /** What FastRTC cannot read ends its session. */
  #refuse(): void {
    this.#send(JSON.stringify(failedBody("socket_message_invalid")));
    this.#end("failed");
  }

  #tell(code: ErrorCode): void {
    const { what, fix } = ERRORS[code];
    this.#send(pythonJson({ type: "error", message: `${what} ${fix}`, data: code }));
  }

  #flush(): void {
    const pieces = this.#pieces.splice(0);
    if (pieces.length === 0) return;
    const bytes = Buffer.concat(pieces);
    if (this.#start.binary === true) this.#send(bytes);
    else this.#reply({ event: "media", media: { payload: bytes.toString("base64") } });
  }

  #reply(reply: SocketReply): void {
    this.#send(JSON.stringify(reply));
  }

  /** @returns false where the client is gone, or about to be. */
  #send(data: string | Uint8Array): boolean {
    if (this.#state === "closed" || this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#socket.bufferedAmount > MAX_SOCKET_BACKLOG_BYTES) {
      this.#end("peer_lost");
      return false;
    }
    this.#socket.send(data);
    return true;
  }

  #watchPeer(): void {
    this.#watch = this.#clock.after(PING_MS, () => {
      const nowMs = this.#clock.nowMs();
      const silentMs = this.#start.protocol === undefined ? SILENT_MS : EXTENSION_SILENT_MS;
      const quietMs = nowMs - this.#heardMs;
      if (quietMs >= silentMs || Math.min(quietMs, nowMs - this.#pongMs) >= NO_PONG_MS) {
        this.#end("peer_lost");
        return;
      }
      this.#socket.ping();
      this.#watchPeer();
    });
  }

  /** The connection has ended by itself: the session will close it. */
  #end(reason: TransportEnd): void {
    if (this.#state === "open") this.#events.ended(reason);
  }

  #release(): void {
    this.#state = "closed";
    this.#pieces = [];
    this.#watch?.cancel();
    this.#incoming?.close();
    this.#decoder?.free();
    this.#socket.off("message", this.#onMessage);
    this.#socket.off("pong", this.#onPong);
    this.#socket.off("close", this.#onClose);
  }
}
