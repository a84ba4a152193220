/**
 * A call's media over a WebSocket: 16 bit PCM at 24 kHz in binary messages both ways, messages as texts between them. Where
 * nothing but HTTPS gets through, this does; what TCP holds up is heard late. Loaded only when it is needed.
 */
import { SOCKET_PING_INTERVAL_MS } from "../../shared/limits.ts";
import type { SocketMessage } from "../../shared/websocket.ts";
import { CallError } from "../errors.ts";
import type { Media, MediaListener } from "../media.ts";
import { Timers } from "../timers.ts";
import type { TransportPath } from "../transport-path.ts";
import { fromPcm16, readSocketText, type SocketEvent, type Started, toPcm16 } from "./socket-protocol.ts";
import { Sound } from "./sound.ts";

const SAMPLE_RATE = 24_000;
/** A server that says nothing for this long, not even `pong`, is gone. */
const SILENCE_MS = 12_000;
/**
 * WebRTC that came up in the moment it was given up still has the client's id, until the node has noticed that nobody is there: the
 * call is tried again this often, this much later.
 */
const OLD_SESSION_TRIES = 4;
const OLD_SESSION_MS = 500;
/** What cannot be sent is not kept: two seconds of sound. Later it would only be heard late. */
const MAX_UNSENT_BYTES = 2 * 2 * SAMPLE_RATE;

export interface SocketMediaOptions {
  /** Of the stream's socket, what the edge wants to know beforehand in its query; asked for each try. */
  readonly url: () => Promise<string>;
  readonly clientId: string;
  readonly listener: MediaListener;
}

/** `opening` until the node has answered `start`; `closed` is final. */
type Phase = "opening" | "open" | "closed";

export class SocketMedia implements Media {
  readonly #options: SocketMediaOptions;
  readonly #timers = new Timers<"ping" | "silence" | "again">();
  readonly #started = Promise.withResolvers<Started>();
  #phase: Phase = "opening";
  #triesLeft = OLD_SESSION_TRIES;
  #socket: WebSocket | undefined;
  #sound: Sound | undefined;
  #pingedAtMs: number | undefined;
  #roundTripMs: number | null = null;

  constructor(options: SocketMediaOptions) {
    this.#options = options;
    // Who waits for it hears of a failure; nobody has to.
    this.#started.promise.catch(ignore);
  }

  /**
   * Settles when the call is connected.
   * @param track the microphone, or null for a stream that only sends to us.
   * @throws CallError the edge's refusal; `connect_timeout` where the socket does not open; `insecure_context`.
   */
  async open(track: MediaStreamTrack | null, receives: boolean): Promise<void> {
    const { listener } = this.#options;
    // First: the node may speak at once.
    const sound = await Sound.open({ input: SAMPLE_RATE, output: SAMPLE_RATE }, (frame) => this.#sendSound(frame));
    if (this.#phase === "closed") return sound.close();
    this.#sound = sound;
    if (receives) listener.onStream(sound.stream, "audio");
    this.#connect();
    const { input_rate, output_rate } = await this.#started.promise;
    if (input_rate !== SAMPLE_RATE || output_rate !== SAMPLE_RATE) throw new CallError("invalid_reply");
    this.#phase = "open";
    if (track !== null) sound.listen(track);
    listener.onConnected();
    if (!sound.suspended) return;
    sound.resumeWithGesture();
    listener.onBlocked();
  }

  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    this.#sound?.listen(track);
    await Promise.resolve();
  }

  send(text: string): boolean {
    return this.#phase === "open" && this.#tell({ event: "message", text });
  }

  async path(): Promise<TransportPath | null> {
    const path = { transport: "websocket", protocol: "tcp", relayed: false, roundTripMs: this.#roundTripMs } as const;
    return await Promise.resolve(this.#phase === "open" ? path : null);
  }

  async resume(): Promise<void> {
    await this.#sound?.resume();
  }

  close(): void {
    this.#tell({ event: "stop" });
    this.#end();
    this.#started.reject(new CallError("call_ended"));
    this.#socket?.close();
  }

  #connect(): void {
    this.#options.url().then((url) => this.#dial(url), this.#started.reject);
  }

  #dial(url: string): void {
    if (this.#phase === "closed") return;
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => this.#start());
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => this.#onData(data));
    socket.addEventListener("close", () => {
      if (this.#socket === socket) this.#lose();
    });
  }

  #refused(error: CallError): void {
    if (error.code !== "connection_already_exists" || this.#triesLeft === 0) {
      this.#started.reject(error);
      return;
    }
    this.#triesLeft -= 1;
    const refused = this.#socket;
    this.#socket = undefined;
    refused?.close();
    this.#timers.clearAll();
    this.#timers.set("again", OLD_SESSION_MS, () => this.#connect());
  }

  #start(): void {
    this.#tell({
      event: "start",
      websocket_id: this.#options.clientId,
      protocol: 1,
      codec: "pcm16",
      sample_rate: SAMPLE_RATE,
      binary: true,
    });
    this.#ping();
  }

  #ping(): void {
    this.#pingedAtMs = performance.now();
    this.#tell({ event: "ping" });
    this.#timers.set("ping", SOCKET_PING_INTERVAL_MS, () => this.#ping());
  }

  #onData(data: unknown): void {
    if (this.#phase === "closed") return;
    this.#timers.set("silence", SILENCE_MS, () => this.#lose());
    if (data instanceof ArrayBuffer) this.#sound?.play(fromPcm16(data));
    else if (typeof data === "string") this.#onEvent(readSocketText(data));
  }

  #onEvent(event: SocketEvent): void {
    switch (event.kind) {
      case "started":
        this.#started.resolve(event.started);
        break;
      case "refused":
        this.#refused(event.error);
        break;
      case "clear":
        this.#sound?.clear();
        break;
      case "pong":
        if (this.#pingedAtMs !== undefined) this.#roundTripMs = performance.now() - this.#pingedAtMs;
        break;
      case "message":
        this.#options.listener.onMessage(event.text);
    }
  }

  /** What its reason was, the edge knows: the call asks it. */
  #lose(): void {
    if (this.#phase === "closed") return;
    const wasOpen = this.#phase === "open";
    this.#end();
    this.#socket?.close();
    // Neither way, where WebRTC was tried before: what the reader can do about it is the same.
    this.#started.reject(new CallError("connect_timeout"));
    if (wasOpen) this.#options.listener.onFailed();
  }

  #end(): void {
    this.#phase = "closed";
    this.#timers.clearAll();
    this.#sound?.close();
    this.#sound = undefined;
  }

  #sendSound(samples: Float32Array): void {
    const socket = this.#socket;
    if (this.#phase !== "open" || socket === undefined || socket.bufferedAmount > MAX_UNSENT_BYTES) return;
    if (socket.readyState === WebSocket.OPEN) socket.send(toPcm16(samples));
  }

  #tell(message: SocketMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }
}

function ignore(): void {
  // Nothing to do.
}
