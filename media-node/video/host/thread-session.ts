/** A session as the handler's thread knows it: the handler, its runners, and a context whose deeds are messages. */
import type { InputValues } from "../../../shared/inputs.ts";
import type { AudioFrame } from "../../audio/frame.ts";
import { AsyncQueue } from "../../handlers/async-queue.ts";
import type { HandlerContext, InputRequest } from "../../handlers/context.ts";
import { HandlerRunner } from "../../session/handler-runner.ts";
import { sealInputs } from "../../session/session-inputs.ts";
import { openVad } from "../../speech/index.ts";
import type { LoadedStream } from "../../stream/load.ts";
import type { Clock } from "../../time/clock.ts";
import { AudioVideoStreamHandler } from "../audio-video-stream-handler.ts";
import { VideoFrame } from "../frame.ts";
import { VideoRunner } from "../video-runner.ts";
import { VideoStreamHandler } from "../video-stream-handler.ts";
import { AudioAhead } from "./audio-ahead.ts";
import type { FromThread, HostedFacts, Picture, ToThread } from "./messages.ts";

/** Audio emissions on their way to the shard, which keeps about a second of audio ahead of the client. */
const AUDIO_ROOM = 2;

export interface ThreadSessionOptions {
  readonly stream: LoadedStream;
  readonly start: Extract<ToThread, { kind: "start" }>;
  readonly clock: Clock;
  readonly tell: (message: FromThread) => void;
}

export class ThreadSession {
  readonly #options: ThreadSessionOptions;
  readonly #abort = new AbortController();
  readonly #audioRunner: HandlerRunner;
  readonly #videoRunner: VideoRunner;
  readonly #room = new AsyncQueue<true>(AUDIO_ROOM);
  readonly #ahead: AudioAhead;
  readonly #requests = new Map<number, (values: InputValues) => void>();
  readonly #state: Map<string, unknown>;
  readonly #format: "rgb" | "rgba" | "i420";
  #inputs: InputValues;
  #inputsArrived: boolean;
  #nextRequest = 1;

  /** @throws Error where the stream has no video handler. */
  constructor(options: ThreadSessionOptions) {
    this.#options = options;
    const { stream, start, clock, tell } = options;
    const { facts, mode } = start;
    this.#ahead = new AudioAhead(clock);
    this.#state = facts.state;
    this.#inputs = this.#sealed(facts.inputs);
    this.#inputsArrived = facts.inputsArrived;
    const handler = stream.stream.handler.copy();
    if (!(handler instanceof VideoStreamHandler || handler instanceof AudioVideoStreamHandler)) {
      throw new Error("The stream's handler is none for video.");
    }
    const { room, everyMs, frameTimeoutMs, format } = handler.videoSettings;
    this.#format = format;
    const context = this.#context(facts);
    const hands = {
      onOutputs: ({ args }: { readonly args: readonly unknown[] }) => this.#tellOutputs(context, args),
      onClose: ({ message }: { readonly message: string }) => tell({ kind: "close", message }),
    };
    this.#audioRunner = new HandlerRunner({
      handler,
      context,
      player: { ready: () => this.#audioReady(), write: (frame) => this.#writeAudio(frame) },
      playsAudio: handler instanceof AudioVideoStreamHandler,
      ...hands,
    });
    this.#videoRunner = new VideoRunner({
      handler,
      mode,
      context,
      onPicture: (picture, timestampUs) => this.#show("picture", picture, timestampUs),
      ...hands,
    });
    tell({ kind: "started", room, everyMs, frameTimeoutMs });
    this.#audioRunner.start();
    this.#videoRunner.start();
  }

  receive(message: ToThread): void {
    switch (message.kind) {
      case "frame":
        this.#take(message.picture).catch((error: unknown) => this.#logError(error, "a frame failed"));
        break;
      case "audio": {
        const { channels = 1, ...frame } = message.frame;
        this.#audioRunner.receive({ ...frame, channels });
        break;
      }
      case "client_message":
        this.#audioRunner.message(message.message);
        break;
      case "inputs":
        this.#inputs = this.#sealed(message.values);
        this.#inputsArrived = true;
        this.#audioRunner.inputsChanged();
        this.#videoRunner.inputsChanged();
        break;
      case "requested_inputs":
        this.#inputs = this.#sealed(message.values);
        this.#requests.get(message.id)?.(this.#inputs);
        break;
      case "trigger_response":
        this.#trigger();
        break;
      case "playback_ended":
        this.#audioRunner.playbackEnded();
        break;
      case "room":
        this.#room.push(true);
        break;
      case "stop":
        this.#stop().catch((error: unknown) => this.#logError(error, "stopping failed"));
        break;
      case "ping":
      case "start":
        break;
    }
  }

  #trigger(): void {
    this.#videoRunner.inputsChanged();
    if (this.#options.start.mode === "receive") return;
    try {
      this.#audioRunner.triggerResponse();
    } catch (error) {
      this.#logError(error, "triggerResponse failed");
    }
  }

  async #take({ data, width, height, timestampUs }: Picture): Promise<void> {
    const frame = VideoFrame.fromI420({ data, width, height, timestampUs }, this.#format);
    const shown = await this.#videoRunner.take(frame);
    if (shown === undefined) this.#options.tell({ kind: "done" });
    else this.#show("done", shown, timestampUs);
  }

  /** Sends a copy: the handler may have kept the frame. */
  #show(kind: "done" | "picture", shown: VideoFrame, timestampUs: number): void {
    const { data, width, height } = shown.to("i420");
    this.#options.tell({ kind, picture: { data, width, height, timestampUs } });
  }

  async #stop(): Promise<void> {
    this.#abort.abort();
    this.#videoRunner.stop();
    this.#room.close();
    for (const settle of this.#requests.values()) settle(this.#inputs);
    await this.#audioRunner.stop();
    this.#options.tell({ kind: "stopped", state: cloneable(this.#state) });
  }

  async #audioReady(): Promise<void> {
    await this.#room.next();
  }

  async #writeAudio({ sampleRate, samples, channels = 1 }: AudioFrame): Promise<void> {
    this.#ahead.add((samples.length / channels / sampleRate) * 1_000);
    this.#options.tell({ kind: "audio", frame: { sampleRate, samples, channels } });
  }

  #context(facts: HostedFacts): HandlerContext {
    const { tell, clock } = this.#options;
    const { sid, clientId, stream, phoneMode, request, inputNames } = facts;
    const latest = { inputs: () => this.#inputs, arrived: () => this.#inputsArrived };
    return {
      ...{ sid, clientId, stream, phoneMode, request, inputNames, clock },
      signal: this.#abort.signal,
      declaresInputs: inputNames.length > 0,
      get inputs() {
        return latest.inputs();
      },
      get inputsArrived() {
        return latest.arrived();
      },
      requestInputs: (asked) => this.#requestInputs(asked),
      clearInputs: () => {
        this.#inputsArrived = false;
        tell({ kind: "clear_inputs" });
      },
      state: this.#state,
      send: (message) => tell({ kind: "send", message }),
      warn: (text) => tell({ kind: "warn", text }),
      sendText: (text) => tell({ kind: "send_text", text }),
      extend: (message) => tell({ kind: "extend", message }),
      clearQueue: () => {
        tell({ kind: "clear_queue" });
        return this.#ahead.clear();
      },
      holdOutput: () => tell({ kind: "hold_output" }),
      resumeOutput: () => tell({ kind: "resume_output" }),
      playing: () => this.#ahead.playing,
      openVad,
      logError: (error, message) => this.#logError(error, message),
    };
  }

  async #requestInputs({ signal, timeoutMs, keep = false, ask = true }: InputRequest = {}): Promise<InputValues> {
    const id = this.#nextRequest++;
    const { promise, resolve } = Promise.withResolvers<InputValues>();
    this.#requests.set(id, resolve);
    const giveUp = (): void => resolve(this.#inputs);
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#options.tell({
      kind: "request_inputs",
      ...{ id, keep, ask },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    try {
      return await promise;
    } finally {
      this.#requests.delete(id);
      signal?.removeEventListener("abort", giveUp);
      if (!keep) this.#inputsArrived = false;
    }
  }

  #tellOutputs(context: HandlerContext, args: readonly unknown[]): void {
    try {
      // What outputs are everywhere: JSON.
      this.#options.tell({ kind: "outputs", args: [...args].map((arg) => JSON.parse(JSON.stringify(arg) ?? "null")) });
    } catch (error) {
      context.logError(error, "the outputs are no JSON");
      context.send({ type: "error", message: String(error), data: String(error) });
    }
  }

  #sealed(values: Readonly<Record<string, unknown>>): InputValues {
    return sealInputs(this.#options.stream.descriptor.inputs ?? {}, values);
  }

  #logError(error: unknown, what: string): void {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    this.#options.tell({ kind: "failed", what, message, ...(stack === undefined ? {} : { stack }) });
  }
}

/** What can be sent to another process; functions and the like stay behind. */
function cloneable(state: ReadonlyMap<string, unknown>): Map<string, unknown> {
  return new Map(
    [...state].flatMap(([key, value]) => {
      try {
        return [[key, structuredClone(value)] as const];
      } catch {
        // Not kept: the handler put something in that only lives in this thread.
        return [];
      }
    }),
  );
}
