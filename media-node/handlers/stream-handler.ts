/** The base of every audio handler: FastRTC's `StreamHandler` and `AsyncStreamHandler` in one. */
import type { ClientMessage } from "../../shared/channel.ts";
import { EdgeRtcError } from "../../shared/errors.ts";
import type { InputValues } from "../../shared/inputs.ts";
import type { HeardFrame } from "../audio/frame.ts";
import type { HandlerContext } from "./context.ts";
import type { Emission } from "./emission.ts";

/** Where FastRTC's video handlers have their frame. */
const LATEST_ARGS_PLACEHOLDER = "__webrtc_value__";

export interface StreamHandlerOptions {
  /** `mono` (default) or interleaved `stereo` input. */
  readonly expectedLayout?: "mono" | "stereo";
  /** Rate the handler means to emit, in Hz. Default 24000. Every frame says its own; this is what `AudioTuple`s document. */
  readonly outputSampleRate?: number;
  /** Rate of the frames given to {@link StreamHandler.receive}, in Hz. Default 48000. */
  readonly inputSampleRate?: number;
  /**
   * Longest that one {@link StreamHandler.emit} may take; then the client is told, and it is asked anew. Default null, none: to
   * wait for what there is to send is what `emit` is for.
   */
  readonly emitTimeoutMs?: number | null;
}

/**
 * Audio in, audio out. The instance given to a `Stream` is a prototype: each session gets its own {@link copy}.
 *
 * @example
 * class Loopback extends StreamHandler {
 *   #frames = new AsyncQueue<AudioFrame>();
 *   receive(frame: AudioFrame) { this.#frames.push(frame); }
 *   emit() { return this.#frames.next(); }
 *   copy() { return new Loopback(); }
 * }
 */
export abstract class StreamHandler {
  readonly expectedLayout: "mono" | "stereo";
  readonly outputSampleRate: number;
  readonly inputSampleRate: number;
  readonly emitTimeoutMs: number | null;
  #context: HandlerContext | undefined;

  constructor(options: StreamHandlerOptions = {}) {
    this.expectedLayout = options.expectedLayout ?? "mono";
    this.outputSampleRate = options.outputSampleRate ?? 24_000;
    this.inputSampleRate = options.inputSampleRate ?? 48_000;
    this.emitTimeoutMs = options.emitTimeoutMs ?? null;
    for (const rate of [this.inputSampleRate, this.outputSampleRate]) {
      if (!Number.isInteger(rate) || rate <= 0 || rate % 50 !== 0) {
        throw new RangeError(`A sample rate must be a positive multiple of 50, not ${rate}.`);
      }
    }
  }

  /** A fresh handler for one session. */
  abstract copy(): StreamHandler;

  /** Takes the client's audio: Int16, 20 ms as a rule, at {@link inputSampleRate}. */
  abstract receive(frame: HeardFrame): void | Promise<void>;

  /**
   * Produces what to send. Called again when it has settled and there is room (about a second of audio is kept ahead).
   * Nothing to send: wait, or return nothing and be asked again after the next input.
   */
  abstract emit(): Emission | Promise<Emission>;

  /**
   * Called once, before anything else. If it is asynchronous, nothing waits for it: `receive` and `emit` are called meanwhile, so
   * that it may stay as long as a connection to a provider does.
   */
  startUp(): void | Promise<void> {
    // For subclasses.
  }

  /** Called once, however the session ends. {@link signal} has been aborted by then. */
  shutdown(): void | Promise<void> {
    // For subclasses.
  }

  /** Called when the client has sent inputs: {@link inputs} has them. */
  inputsChanged(): void | Promise<void> {
    // For subclasses.
  }

  /** Called with each message of the client's own, in order: text typed in a chat, for one. */
  onMessage(_message: ClientMessage): void | Promise<void> {
    // For subclasses.
  }

  /** Called when the caller presses a key of a telephone: `0` to `9`, `*`, `#`, `A` to `D`. */
  dtmf(_digit: string): void | Promise<void> {
    // For subclasses.
  }

  /**
   * Answers now, with what was said so far: push-to-talk, typed text.
   * @throws EdgeRtcError `not_a_reply_on_pause` for a handler that takes no turns.
   */
  triggerResponse(): void {
    throw new EdgeRtcError("not_a_reply_on_pause");
  }

  /** Called when the last queued audio has left for the client, or was cleared. */
  playbackEnded(): void | Promise<void> {
    // For subclasses.
  }

  /** The session this copy serves. @throws Error before the session has started it. */
  get context(): HandlerContext {
    if (this.#context === undefined) throw new Error("A handler has a context only while it serves a session.");
    return this.#context;
  }

  /** Whether the session is a telephone call: nobody sends inputs or sees a page. */
  get phoneMode(): boolean {
    return this.context.phoneMode;
  }

  /** Aborted when the session ends. */
  get signal(): AbortSignal {
    return this.context.signal;
  }

  /** The latest value of each declared input. */
  get inputs(): InputValues {
    return this.context.inputs;
  }

  /**
   * The latest value of each declared input, in the order they are declared, behind FastRTC's placeholder: `latestArgs.slice(1)`, as
   * `latest_args[1:]` there. {@link inputs} has them by name.
   */
  get latestArgs(): readonly unknown[] {
    return [LATEST_ARGS_PLACEHOLDER, ...this.context.inputNames.map((name) => this.context.inputs[name])];
  }

  /** Whether the client has sent inputs since the start, or since the last {@link reset}. */
  get argsSet(): boolean {
    return this.context.inputsArrived;
  }

  /**
   * Asks the client for its inputs and waits until some have come since the start or the last {@link reset}; on the telephone, where
   * nobody can send any, it does not wait. Settles when the session ends, too.
   * @returns the latest, by name.
   */
  waitForArgs({ timeoutMs = null }: { readonly timeoutMs?: number | null } = {}): Promise<InputValues> {
    return this.context.requestInputs({ signal: this.signal, timeoutMs, keep: true });
  }

  /** Begins a new turn: {@link waitForArgs} waits for new inputs. To be overridden by handlers that keep more of a turn. */
  reset(): void {
    this.context.clearInputs();
  }

  /** Tells the client that something is not as it should be; the call goes on. */
  warn(text: string): void {
    this.context.warn(text);
  }

  /** Sends a text of your own to the client over the data channel. */
  sendMessage(text: string): void {
    this.context.sendText(text);
  }

  /** Drops everything queued for the client, at once. @returns the milliseconds dropped. */
  clearQueue(): number {
    return this.context.clearQueue();
  }

  /** Called by the session that this copy serves, once. */
  attach(context: HandlerContext): void {
    this.#context = context;
  }
}

/** The handler of one session. @throws EdgeRtcError `handler_failed` where `copy()` does not return a handler of its own. */
export function freshCopy(prototype: StreamHandler): StreamHandler {
  const copy: unknown = prototype.copy();
  if (copy instanceof StreamHandler && copy !== prototype) return copy;
  throw new EdgeRtcError("handler_failed", `${prototype.constructor.name}.copy() must return a new handler.`);
}

/** @throws TypeError for a subclass whose sessions would get handlers of its base class. */
export function needOwnCopy(name: string, hasOwn: boolean): void {
  if (!hasOwn) throw new TypeError(`${name} needs a copy() of its own: each session gets what that returns.`);
}
