/**
 * A video stream's handler as its session in the shard sees it: an audio handler like any other, whose code, pictures and
 * codecs are in a process of their own. A process that dies is replaced, and the call goes on.
 */
import type { ClientMessage } from "../../../shared/channel.ts";
import type { Mode } from "../../../shared/descriptor.ts";
import { EdgeRtcError, ERRORS, type ErrorCode } from "../../../shared/errors.ts";
import type { AudioFrame } from "../../audio/frame.ts";
import { AsyncQueue } from "../../handlers/async-queue.ts";
import { AdditionalOutputs, CloseStream, type Emission } from "../../handlers/emission.ts";
import { StreamHandler } from "../../handlers/stream-handler.ts";
import type { Timer } from "../../time/clock.ts";
import { FrameMeter } from "../frame-meter.ts";
import type { EncodedFrame, ReceivedFrame, VideoCodec } from "../types.ts";
import type { VideoHost } from "./host.ts";
import type { FromVideoProcess, HostedFacts } from "./messages.ts";

/** Emissions of the handler's that wait for the session; past it the oldest is dropped. */
const MAX_PENDING_EMISSIONS = 256;
/** After `stop` the handler has this long to shut down; then its process is killed. */
const STOP_TIMEOUT_MS = 5_000;
/** Before a process that died is replaced: doubled each time up to the limit. */
const RESTART_MS = 100;
const MAX_RESTART_MS = 10_000;
/** How often the client is told how its video fares. */
const REPORT_MS = 1_000;

/** What the client's video goes out by. */
export interface VideoOut {
  readonly codec: VideoCodec;
  /** @returns false where the frame was dropped. */
  send(frame: EncodedFrame): boolean;
  requestKeyFrame(): void;
}

export interface HostedHandlerOptions {
  readonly mode: Mode;
  /** The stream's handler. */
  readonly prototype: StreamHandler;
  readonly takeHost: () => VideoHost;
  /** Undefined where the client has offered no video, or none of a codec there is. */
  readonly video: () => VideoOut | undefined;
}

export class HostedHandler extends StreamHandler {
  readonly #options: HostedHandlerOptions;
  readonly #emissions = new AsyncQueue<Emission>(MAX_PENDING_EMISSIONS);
  readonly #stopped = Promise.withResolvers<void>();
  #host: VideoHost;
  #state: "new" | "running" | "restarting" | "stopped" = "new";
  /** Whether the session waits for something to play. */
  #hasRoom: "yes" | "no" = "no";
  /** What the client's line takes; undefined while it is as usual. */
  #bitsPerSecond: number | undefined;
  #restartMs = RESTART_MS;
  #restart: Timer | undefined;
  #meter: FrameMeter | undefined;
  #reports: Timer | undefined;

  constructor(options: HostedHandlerOptions) {
    super(options.prototype);
    this.#options = options;
    // Now, at the offer: it gets ready while the client connects.
    this.#host = this.#takeHost();
  }

  /** One belongs to one session from the start. */
  override copy(): HostedHandler {
    return new HostedHandler(this.#options);
  }

  // --- the client's video --------------------------------------------------------------------------------------------

  videoFrame(frame: ReceivedFrame): void {
    if (this.#state !== "running") return;
    const { codec, data, keyFrame, timestampUs, arrivedAtMs } = frame;
    this.#meter?.arrived(timestampUs, arrivedAtMs);
    this.#host.send({ kind: "video", frame: { codec, data, keyFrame, timestampUs } });
  }

  videoKeyFrameNeeded(): void {
    this.#host.send({ kind: "key_frame" });
  }

  videoBitrate(bitsPerSecond: number): void {
    this.#bitsPerSecond = bitsPerSecond;
    this.#host.send({ kind: "bitrate", bitsPerSecond });
  }

  // --- the session's calls -------------------------------------------------------------------------------------------

  override startUp(): void {
    this.#state = "running";
    this.#meter = new FrameMeter(this.context.clock.nowMs());
    this.#begin();
    this.#report();
  }

  override receive(frame: AudioFrame): void {
    this.#host.send({ kind: "audio", frame });
  }

  override async emit(): Promise<Emission> {
    this.#hasRoom = "yes";
    if (this.#emissions.size === 0) this.#host.send({ kind: "room" });
    const emission = await this.#emissions.next();
    this.#hasRoom = "no";
    return emission;
  }

  override onMessage(message: ClientMessage): void {
    this.#host.send({ kind: "client_message", message });
  }

  override inputsChanged(): void {
    this.#host.send({ kind: "inputs", values: this.#inputValues });
  }

  override triggerResponse(): void {
    const { prototype, mode } = this.#options;
    if (mode !== "receive" && prototype.triggerResponse === StreamHandler.prototype.triggerResponse) {
      throw new EdgeRtcError("not_a_reply_on_pause");
    }
    this.#host.send({ kind: "trigger_response" });
  }

  override playbackEnded(): void {
    this.#host.send({ kind: "playback_ended" });
  }

  override async shutdown(): Promise<void> {
    this.#state = "stopped";
    this.#restart?.cancel();
    this.#reports?.cancel();
    this.#emissions.close();
    this.#host.send({ kind: "stop" });
    const timer = this.context.clock.after(STOP_TIMEOUT_MS, () => this.#stopped.resolve());
    await this.#stopped.promise;
    timer.cancel();
    this.#host.kill();
  }

  /** For a session that ended before it began: there is nothing to shut down. */
  abandon(): void {
    if (this.#state !== "new") return;
    this.#state = "stopped";
    this.#host.kill();
  }

  // --- the process ---------------------------------------------------------------------------------------------------

  #takeHost(): VideoHost {
    const host = this.#options.takeHost();
    host.listen({
      message: (message) => {
        if (host === this.#host) this.#onMessage(message);
      },
      exited: (cause) => {
        if (host === this.#host) this.#onExit(cause);
      },
    });
    return host;
  }

  #begin(): void {
    const codec = this.#options.video()?.codec;
    if (codec !== undefined) this.#host.send({ kind: "codec", codec });
    // A process that takes another's place knows nothing of the line.
    if (this.#bitsPerSecond !== undefined) this.#host.send({ kind: "bitrate", bitsPerSecond: this.#bitsPerSecond });
    this.#host.send({ kind: "start", mode: this.#options.mode, facts: this.#facts });
  }

  #onExit(cause: string): void {
    if (this.#state === "stopped") this.#stopped.resolve();
    if (this.#state === "new") this.#host = this.#takeHost();
    if (this.#state !== "running") return;
    this.#state = "restarting";
    this.context.logError(new EdgeRtcError("handler_stopped"), `the video process died: ${cause}`);
    this.#tellError("handler_stopped");
    this.#restart = this.context.clock.after(this.#restartMs, () => {
      this.#host = this.#takeHost();
      this.#state = "running";
      this.#begin();
    });
    this.#restartMs = Math.min(MAX_RESTART_MS, this.#restartMs * 2);
  }

  #onMessage(message: FromVideoProcess): void {
    if (message.kind === "stopped") {
      for (const [key, value] of message.state) this.context.state.set(key, value);
      this.#stopped.resolve();
      return;
    }
    if (this.#state !== "running") return;
    const { context } = this;
    switch (message.kind) {
      case "video":
        this.#sendVideo(message.frame);
        break;
      case "key_frame_needed":
        this.#options.video()?.requestKeyFrame();
        break;
      case "dropped":
        this.#meter?.dropped();
        break;
      case "handler_lost":
        context.logError(new EdgeRtcError(message.code), "the video handler's thread was ended");
        this.#tellError(message.code);
        break;
      case "broken":
        context.logError(new Error(message.message), "the video process cannot load the stream file");
        this.#tellError("handler_failed");
        break;
      case "audio": {
        const { channels = 1, ...frame } = message.frame;
        this.#emissions.push({ ...frame, channels });
        break;
      }
      case "outputs":
        this.#emissions.push(new AdditionalOutputs(...message.args));
        break;
      case "close":
        this.#emissions.push(new CloseStream(message.message));
        break;
      case "failed":
        context.logError(Object.assign(new Error(message.message), { stack: message.stack }), message.what);
        break;
      case "request_inputs":
        this.#requestInputs(message).catch((error: unknown) => context.logError(error, "asking for inputs failed"));
        break;
      case "ready":
        break;
      case "working":
        if (this.#hasRoom === "yes") this.#host.send({ kind: "room" });
        break;
      default:
        this.#perform(message);
    }
  }

  #sendVideo(frame: EncodedFrame): void {
    if (this.#options.video()?.send(frame) === true) this.#meter?.sent(frame.timestampUs, this.context.clock.nowMs());
    // What follows builds on a frame that the client does not get.
    else this.#host.send({ kind: "key_frame" });
  }

  /** What the handler asks of its context. */
  #perform(message: Deed): void {
    const { context } = this;
    switch (message.kind) {
      case "send":
        context.send(message.message);
        break;
      case "warn":
        context.warn(message.text);
        break;
      case "send_text":
        context.sendText(message.text);
        break;
      case "extend":
        context.extend(message.message);
        break;
      case "clear_queue":
        this.#dropAudio();
        context.clearQueue();
        break;
      case "hold_output":
        context.holdOutput();
        break;
      case "resume_output":
        context.resumeOutput();
        break;
      case "clear_inputs":
        context.clearInputs();
        break;
    }
  }

  /** What was emitted before the queue was cleared, and has not got into it yet. */
  #dropAudio(): void {
    const waiting: Emission[] = [];
    while (this.#emissions.size > 0) {
      const emission = this.#emissions.next();
      if (emission instanceof AdditionalOutputs || emission instanceof CloseStream) waiting.push(emission);
    }
    for (const emission of waiting) this.#emissions.push(emission);
  }

  async #requestInputs({ id, timeoutMs, keep, ask }: InputsAsked): Promise<void> {
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    await this.context.requestInputs({ signal: this.signal, keep, ask, ...limit });
    this.#host.send({ kind: "requested_inputs", id, values: this.#inputValues });
  }

  get #facts(): HostedFacts {
    const { sid, clientId, stream, phoneMode, request, inputNames, inputsArrived, state } = this.context;
    return {
      ...{ sid, clientId, stream, phoneMode, request, inputsArrived },
      inputNames: [...inputNames],
      inputs: this.#inputValues,
      state: new Map(state),
    };
  }

  /** All of them: copying the object would lose the secrets. */
  get #inputValues(): Record<string, unknown> {
    const { inputs, inputNames } = this.context;
    return Object.fromEntries(inputNames.map((name) => [name, inputs[name]]));
  }

  #report(): void {
    const { clock } = this.context;
    this.#reports = clock.after(REPORT_MS, () => {
      const data = this.#meter?.report(clock.nowMs());
      if (data !== undefined) this.context.extend({ type: "video", data });
      this.#report();
    });
  }

  #tellError(code: ErrorCode): void {
    const { what, fix } = ERRORS[code];
    this.context.send({ type: "error", message: `${what} ${fix}`, data: code });
  }
}

type InputsAsked = Extract<FromVideoProcess, { kind: "request_inputs" }>;
type Deed = Extract<
  FromVideoProcess,
  { kind: "send" | "warn" | "send_text" | "extend" | "clear_queue" | "hold_output" | "resume_output" | "clear_inputs" }
>;
