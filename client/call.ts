/** A call: carries out what the state machine decides, and owns the microphone, the peer, the sound and the timers. */
import * as v from "valibot";
import type { QueuePlace } from "../shared/errors.ts";
import { MAX_CHANNEL_MESSAGE_CHARS } from "../shared/limits.ts";
import type { ExtensionMessage, ServerMessage } from "../shared/server-message.ts";
import { EndReason } from "../shared/session.ts";
import type { StreamConfig } from "../shared/stream-config.ts";
import { DEFAULT_STREAM } from "../shared/stream-name.ts";
import { Candidates } from "./candidates.ts";
import { Connection } from "./connection.ts";
import { Device } from "./device.ts";
import { Emitter } from "./emitter.ts";
import { CallError, errorOfEnd, toCallError } from "./errors.ts";
import type { LevelMeter, Levels } from "./levels.ts";
import type { MediaListener, Tracks } from "./media.ts";
import { parseMessage } from "./messages.ts";
import type { Call, CallEvents, CallInfo, CallOptions } from "./options.ts";
import { Peer } from "./peer.ts";
import { Playback } from "./playback.ts";
import type { Standing } from "./queue/line.ts";
import type { Recovery } from "./recovery/recovery.ts";
import { Signaling } from "./signaling.ts";
import { type CallEvent, type CallState, IDLE, isFinal, nextState } from "./state.ts";
import type { CallStatistics } from "./statistics.ts";
import { Timers } from "./timers.ts";
import type { TransportPath } from "./transport-path.ts";

/** From the start, and again from the microphone's answer, to connected. */
const CONNECT_TIMEOUT_MS = 15_000;

/** After the handler's last word, so that what the jitter buffer still holds is heard. */
const GOODBYE_MS = 300;

/** Of the conversation in one session: more than anybody can say. */
const MAX_LINES = 1e6;

/** Makes a call; nothing happens before its `start()`. */
export function createCall(options: CallOptions = {}): Call {
  return new BrowserCall(options);
}

class BrowserCall implements Call {
  readonly #options: CallOptions;
  readonly #clientId = newClientId();
  readonly #events = new Emitter<CallEvents>();
  readonly #timers = new Timers<"connect" | "goodbye">();
  readonly #abort = new AbortController();
  readonly #signaling: Signaling;
  #connection: Connection;
  readonly #microphone: Device;
  readonly #camera: Device;
  readonly #playback = new Playback(() => this.#events.emit("error", new CallError("autoplay_blocked")));
  #state: CallState = IDLE;
  #meter: Promise<LevelMeter | null> | undefined;
  #session: SessionMessage | undefined;
  #descriptor: StreamConfig | undefined;
  /** Added to the ids of lines: each session counts its own from the start. */
  #firstLine = 0;
  /** As the handler was told last. */
  readonly #inputs: Record<string, unknown> = {};
  #recovery: Promise<Recovery | null> | undefined;
  #offeredAtMs: number | undefined;
  #connectedAtMs: number | undefined;
  #released: Promise<void> | undefined;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#signaling = new Signaling(
      options.url ?? "",
      this.#streamName,
      this.#clientId,
      this.#abort.signal,
      options.token,
    );
    const onAsk = () => this.#apply({ type: "ask_microphone" });
    this.#microphone = new Device("audio", options.audio, {
      onAsk,
      onUse: (track) => track && this.#measure((meter) => meter.watchInput(track)),
      onLost: () => this.#onLost("microphone"),
    });
    this.#camera = new Device("video", options.video, {
      onAsk,
      onUse: (track) => this.#events.emit("localVideo", track && new MediaStream([track])),
      onLost: () => this.#onLost("camera"),
    });
    this.#connection = this.#newConnection(options.transport);
  }

  get state(): CallState {
    return this.#state;
  }

  get info(): CallInfo {
    const [offered, connected] = [this.#offeredAtMs, this.#connectedAtMs];
    return {
      clientId: this.#clientId,
      sid: this.#session?.sid ?? null,
      stream: this.#streamName,
      transport: this.#connection.transport,
      connectMs: offered === undefined || connected === undefined ? null : connected - offered,
    };
  }

  on<Name extends keyof CallEvents>(name: Name, listener: (value: CallEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  async start(): Promise<void> {
    if (this.#state !== IDLE) throw new CallError("already_started");
    const settled = new Promise<void>((resolve, reject) => {
      const off = this.on("state", (state) => {
        if (state.name !== "connected" && !isFinal(state)) return;
        off();
        if (state.name === "connected") resolve();
        else reject(state.name === "failed" ? state.error : new CallError("call_ended"));
      });
    });
    addEventListener("pagehide", this.#onPageHide);
    // Before the first await: an AudioContext runs only when it is made in the person's click.
    if (this.#events.has("levels") && "AudioContext" in globalThis) {
      const context = new AudioContext({ latencyHint: "interactive" });
      const onLevels = (levels: Levels) => this.#events.emit("levels", levels);
      this.#meter = import("./levels.ts").then(({ LevelMeter }) => new LevelMeter(context, onLevels), nothing);
    }
    this.#apply({ type: "start" });
    this.#connect().catch((error: unknown) => this.#fail(toCallError(error)));
    await settled;
  }

  mute(muted: boolean): void {
    this.#microphone.mute(muted);
  }

  muteSpeaker(muted: boolean): void {
    this.#playback.muted = muted;
  }

  async setMicrophone(constraints: MediaTrackConstraints): Promise<void> {
    await this.#replace(this.#microphone, constraints);
  }

  muteCamera(muted: boolean): void {
    this.#camera.mute(muted);
  }

  async setCamera(constraints: MediaTrackConstraints): Promise<void> {
    await this.#replace(this.#camera, constraints);
  }

  async setInputs(values: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#signaling.inputs(values);
    Object.assign(this.#inputs, values);
  }

  send(text: string): void {
    if (text.length > MAX_CHANNEL_MESSAGE_CHARS) throw new CallError("message_too_large");
    if (!this.#connection.send(text)) throw new CallError("not_connected");
  }

  async resumePlayback(): Promise<void> {
    this.#measure((meter) => meter.resume());
    await Promise.all([this.#connection.resume(), this.#playback.resume()]);
  }

  remainingMs(): number | null {
    const session = this.#session;
    if (session === undefined || session.timeLimitMs === null) return null;
    return Math.max(0, session.timeLimitMs - session.elapsedMs - (performance.now() - session.receivedAtMs));
  }

  async path(): Promise<TransportPath | null> {
    return await this.#connection.path();
  }

  async statistics(): Promise<CallStatistics> {
    const { peer } = this.#connection;
    const { readStatistics, socketStatistics } = await import("./statistics.ts");
    return peer ? readStatistics((await peer.getStats()).values()) : socketStatistics(await this.path());
  }

  async end(): Promise<void> {
    this.#finish("client_closed");
    await this.#released;
  }

  get #streamName(): string {
    return this.#options.stream ?? DEFAULT_STREAM;
  }

  async #connect(): Promise<void> {
    const descriptor = this.#options.descriptor ?? (await this.#signaling.descriptor());
    const { modality } = descriptor;
    this.#connection.prepare(descriptor);
    if (modality !== "video") await this.#microphone.open(descriptor);
    if (modality !== "audio" && !isFinal(this.#state)) await this.#camera.open(descriptor);
    // Somebody hung up while the browser asked for the microphone: release() has seen the tracks only now.
    if (isFinal(this.#state)) return this.#stopTracks();
    const place = await this.#offer(descriptor);
    if (place !== null) await this.#standInLine(place, descriptor);
  }

  #newConnection(transport: CallOptions["transport"] = "auto"): Connection {
    return new Connection({
      signaling: this.#signaling,
      clientId: this.#clientId,
      transport,
      rtcConfiguration: this.#options.rtcConfiguration,
      listener: this.#mediaListener,
      onTurnFailed: (error) => {
        // The provider was taken away since the descriptor was read: nothing that went wrong.
        const removed = error.code === "turn_not_configured";
        if (!removed && !isFinal(this.#state)) this.#events.emit("error", error);
      },
    });
  }

  /** @returns the place in line where every slot is taken and the stream has a queue. */
  async #offer(descriptor: StreamConfig): Promise<QueuePlace | null> {
    this.#offeredAtMs = performance.now();
    this.#apply({ type: "negotiate" });
    this.#descriptor = descriptor;
    try {
      await this.#connection.connect(descriptor, this.#tracks(descriptor));
      return null;
    } catch (error) {
      if (error instanceof CallError && error.place !== undefined) return error.place;
      throw error;
    }
  }

  #tracks({ modality }: StreamConfig): Tracks {
    return {
      ...(modality !== "video" && { audio: this.#microphone.track }),
      ...(modality !== "audio" && { video: this.#camera.track }),
    };
  }

  /** @returns false where there is no such place. */
  async #standInLine(place: Standing, descriptor: StreamConfig): Promise<boolean> {
    const { standInLine } = await import("./queue/line.ts");
    return await standInLine({
      signaling: this.#signaling,
      place,
      ticketTtlMs: descriptor.queue?.ticketTtlMs,
      signal: this.#abort.signal,
      onPlace: (now) => this.#apply({ type: "queued", ...now }),
      offer: () => this.#offer(descriptor),
    });
  }

  /** Its time is up, and it has a place in line again: another session is next. What the person has chosen stays. */
  #rejoin(ticket: string, descriptor: StreamConfig): void {
    const { transport } = this.#connection;
    this.#recover((recovery) => recovery.close());
    this.#connection.close();
    // What WebRTC could not do once is not tried again: its ticket would be used up.
    this.#connection = this.#newConnection(transport === "websocket" ? transport : this.#options.transport);
    this.#firstLine += MAX_LINES;
    this.#recovery = this.#session = this.#connectedAtMs = undefined;
    this.#standInLine({ ticket }, descriptor).then(
      (stood) => stood || this.#finish("time_limit"),
      (error: unknown) => this.#fail(toCallError(error)),
    );
  }

  async #replace(device: Device, constraints: MediaTrackConstraints): Promise<void> {
    if (device.track === null || this.#offeredAtMs === undefined) throw new CallError("not_connected");
    const track = await device.another(constraints);
    if (isFinal(this.#state)) return track.stop();
    await this.#connection.replaceTrack(track);
    device.use(track);
  }

  /** It was unplugged: whatever the system has in its place is used, and the person can choose another. */
  #onLost(name: "microphone" | "camera"): void {
    this.#events.emit("error", new CallError(`${name}_lost`));
    this.#replace(name === "camera" ? this.#camera : this.#microphone, {}).catch(nothing);
  }

  #stopTracks(): void {
    this.#microphone.stop();
    this.#camera.stop();
  }

  readonly #mediaListener: MediaListener = {
    onConnected: () => {
      this.#connectedAtMs ??= performance.now();
      this.#signaling.useTicket(undefined);
      this.#apply({ type: "connected" });
    },
    onDisconnected: () => this.#apply({ type: "interrupted" }),
    onClosed: () => this.#apply({ type: "interrupted" }),
    onFailed: () => {
      if (this.#state.name === "connecting") this.#fail(new CallError("connect_timeout"));
      else {
        this.#apply({ type: "interrupted" });
        this.#recover((recovery) => recovery.failed());
      }
    },
    onMessage: (text) => {
      const received = parseMessage(text);
      const { message } = received;
      // Before anybody hears of it, so that `info` and `remainingMs()` already have it.
      if (message?.type === "session") {
        this.#session = { ...message.data, receivedAtMs: performance.now() };
        if (message.data.secret !== undefined) this.#signaling.useSecret(message.data.secret);
        this.#repeatInputs();
      }
      this.#events.emit("message", received);
      if (message !== null) this.#onServerMessage(message);
    },
    onBlocked: () => this.#events.emit("error", new CallError("autoplay_blocked")),
    onStream: (stream, kind) => {
      if (kind === "video") {
        this.#events.emit("remoteVideo", stream);
        return;
      }
      this.#playback.play(stream);
      this.#measure((meter) => meter.watchOutput(stream));
    },
  };

  /** A session after the first begins with what the one before was told. */
  #repeatInputs(): void {
    if (Object.keys(this.#inputs).length === 0) return;
    this.setInputs(this.#inputs).catch((error: unknown) => this.#events.emit("error", toCallError(error)));
  }

  #onServerMessage(message: ServerMessage): void {
    switch (message.type) {
      case "turn":
        this.#events.emit("turn", message.data.state);
        break;
      case "transcript":
        this.#events.emit("transcript", { ...message.data, id: message.data.id + this.#firstLine });
        break;
      case "output":
        this.#events.emit("output", message.data);
        break;
      case "video":
        this.#events.emit("videoReport", message.data);
        break;
      case "error":
        this.#events.emit("error", new CallError("handler_failed", { message: message.message }));
        break;
      case "bye":
        this.#bye(message.data);
        break;
      case "end_stream":
        this.#timers.set("goodbye", GOODBYE_MS, () => this.#finish("handler_closed"));
        break;
      case "update_connection":
        if (message.data === "closed") this.#finish("ended_by_edge");
        break;
    }
  }

  #bye({ reason, ticket }: Extension<"bye">): void {
    const { rejoin = typeof this.#options.token !== "string" } = this.#options;
    if (rejoin && ticket !== undefined && this.#descriptor !== undefined) this.#rejoin(ticket, this.#descriptor);
    else this.#finish(toEndReason(reason));
  }

  #measure(act: (meter: LevelMeter) => unknown): void {
    void this.#meter?.then((meter) => meter && act(meter));
  }

  /** Once the call is up: what gets it back is there before the network is gone that it would have to come over. */
  #watch(descriptor: StreamConfig): void {
    this.#recovery ??= import("./recovery/recovery.ts").then(({ Recovery }) => {
      if (isFinal(this.#state)) return null;
      return new Recovery({
        Peer,
        Candidates,
        signaling: this.#signaling,
        descriptor,
        configure: () => this.#connection.configure(descriptor),
        tracks: () => this.#tracks(descriptor),
        listener: this.#connection.listenTo(),
        received: () => this.#connection.received,
        sent: this.#connection.sent,
        onJoined: (media) => this.#connection.takeOver(media),
        connection: () => this.#connection.peer ?? null,
        sid: () => this.info.sid,
        onInterrupted: () => this.#apply({ type: "interrupted" }),
        onConnected: () => this.#apply({ type: "connected" }),
        onEnded: (reason) => this.#finish(reason),
        onLost: () => this.#lose(),
      });
    }, nothing);
  }

  #recover(act: (recovery: Recovery) => void): void {
    void this.#recovery?.then((recovery) => {
      if (recovery !== null) act(recovery);
      else if (this.#state.name === "interrupted") this.#lose();
    });
  }

  #lose(): void {
    this.#fail(new CallError("connection_lost"));
  }

  #finish(reason: EndReason): void {
    const error = errorOfEnd(reason);
    if (error === null) this.#apply({ type: "ended", reason });
    else this.#fail(error);
  }

  #fail(error: CallError): void {
    this.#apply({ type: "failed", error });
  }

  #apply(event: CallEvent): void {
    const state = nextState(this.#state, event);
    if (state === this.#state) return;
    this.#state = state;
    this.#enter(state);
    this.#events.emit("state", state);
    if (state.name === "failed") {
      this.#events.emit("error", state.error);
      this.#events.emit("end", { reason: "failed", error: state.error });
    } else if (state.name === "ended") {
      this.#events.emit("end", { reason: state.reason, error: null });
    }
  }

  #enter(state: CallState): void {
    switch (state.name) {
      case "starting":
      case "connecting":
        this.#timers.set("connect", CONNECT_TIMEOUT_MS, () => this.#fail(new CallError("connect_timeout")));
        break;
      case "asking_microphone":
      case "queued":
        // A person may take any time to answer, and so may a line.
        this.#timers.clear("connect");
        break;
      case "connected":
        this.#timers.clear("connect");
        if (this.#descriptor !== undefined) this.#watch(this.#descriptor);
        this.#recover((recovery) => recovery.connected());
        break;
      case "interrupted":
        this.#recover((recovery) => recovery.interrupted());
        break;
      case "ended":
      case "failed":
        this.#release();
    }
  }

  #release(): void {
    this.#recover((recovery) => recovery.close());
    removeEventListener("pagehide", this.#onPageHide);
    this.#timers.clearAll();
    this.#abort.abort();
    this.#connection.close();
    void this.#signaling.leaveLine();
    this.#stopTracks();
    this.#playback.close();
    this.#released = this.#meter?.then((meter) => meter?.close());
  }

  readonly #onPageHide = (): void => this.#finish("client_closed");
}

type Extension<Type extends ExtensionMessage["type"]> = Extract<ExtensionMessage, { type: Type }>["data"];
type SessionMessage = Extension<"session"> & { readonly receivedAtMs: number };

/** A part that cannot be loaded, as the page is older than the server's files: the call goes on without. */
const nothing = (): null => null;

/** A reason that a newer server knows is still an end it asked for. */
function toEndReason(reason: string): EndReason {
  return v.is(EndReason, reason) ? reason : "ended_by_edge";
}

/** 128 random bits. `randomUUID` is missing where the page is not a secure context. */
function newClientId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
