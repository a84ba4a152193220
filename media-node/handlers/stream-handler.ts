/** The base of every audio handler: FastRTC's `StreamHandler` and `AsyncStreamHandler` in one. */
import { EdgeRtcError } from "../../shared/errors.ts";
import type { InputValues } from "../../shared/inputs.ts";
import type { AudioFrame } from "../audio/frame.ts";
import type { HandlerContext } from "./context.ts";
import type { Emission } from "./emission.ts";

export interface StreamHandlerOptions {
  /** `mono` (default) or interleaved `stereo` input. */
  readonly expectedLayout?: "mono" | "stereo";
  /** Rate the handler means to emit, in Hz. Default 24000. Every frame says its own; this is what `AudioTuple`s document. */
  readonly outputSampleRate?: number;
  /** Rate of the frames given to {@link StreamHandler.receive}, in Hz. Default 48000. */
  readonly inputSampleRate?: number;
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
  #context: HandlerContext | undefined;

  constructor(options: StreamHandlerOptions = {}) {
    this.expectedLayout = options.expectedLayout ?? "mono";
    this.outputSampleRate = options.outputSampleRate ?? 24_000;
    this.inputSampleRate = options.inputSampleRate ?? 48_000;
    for (const rate of [this.inputSampleRate, this.outputSampleRate]) {
      if (!Number.isInteger(rate) || rate <= 0 || rate % 50 !== 0) {
        throw new RangeError(`A sample rate must be a positive multiple of 50, not ${rate}.`);
      }
    }
  }

  /** A fresh handler for one session. */
  abstract copy(): StreamHandler;

  /** Takes the client's audio: Int16, 20 ms as a rule, at {@link inputSampleRate}. */
  abstract receive(frame: AudioFrame): void | Promise<void>;

  /**
   * Produces what to send. Called again when it has settled and there is room (about a second of audio is kept ahead).
   * Nothing to send: wait, or return nothing and be asked again after the next input.
   */
  abstract emit(): Emission | Promise<Emission>;

  /** Called once before the first frame. */
  startUp(): void | Promise<void> {
    // For subclasses.
  }

  /** Called once, however the session ends. */
  shutdown(): void | Promise<void> {
    // For subclasses.
  }

  /** Called when the client has sent inputs: `context.inputs` has them. */
  inputsChanged(): void {
    // For subclasses.
  }

  /**
   * Answers now, with what was said so far: push-to-talk, typed text.
   * @throws EdgeRtcError `not_a_reply_on_pause` for a handler that takes no turns.
   */
  triggerResponse(): void {
    throw new EdgeRtcError("not_a_reply_on_pause");
  }

  /** Called when the last queued audio has left for the client. */
  playbackEnded(): void {
    // For subclasses.
  }

  /** The session this copy serves. @throws Error before the session has started it. */
  get context(): HandlerContext {
    if (this.#context === undefined) throw new Error("A handler has a context only while it serves a session.");
    return this.#context;
  }

  /** Aborted when the session ends. */
  get signal(): AbortSignal {
    return this.context.signal;
  }

  /** The latest value of each declared input. */
  get inputs(): InputValues {
    return this.context.inputs;
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
