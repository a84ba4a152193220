/** Mode `receive`: a generator function whose audio goes to the client, who sends none. */
import type { InputValues } from "../../shared/inputs.ts";
import { CloseStream, type Emission, readEmission } from "./emission.ts";
import { Reply, type ReplyResult } from "./reply.ts";
import { type Run, reportFailure, runOf } from "./run.ts";
import { StreamHandler } from "./stream-handler.ts";

/** What a stream of mode `receive` is made of: a generator, or a function that returns one value. */
export type SendFunction<Inputs extends InputValues = InputValues> = (run: Run<Inputs>) => ReplyResult;

export interface GeneratedAudioOptions {
  /** Whether it starts when the client has connected. False: with the client's first inputs. */
  readonly autostart: boolean;
  /** Longest from one value to the next; null is none. */
  readonly replyTimeoutMs: number | null;
}

/**
 * - `waiting`: for the client's inputs, or to be triggered.
 * - `running`: the function is.
 * - `over`: it has ended, and the call with it.
 */
type Phase = "waiting" | "running" | "over";

export class GeneratedAudio<Inputs extends InputValues = InputValues> extends StreamHandler {
  readonly #fn: SendFunction<Inputs>;
  readonly #options: GeneratedAudioOptions;
  #phase: Phase = "waiting";
  #reply: Reply | undefined;
  #wake: ((reply: Reply | undefined) => void) | undefined;

  constructor(fn: SendFunction<Inputs>, options: GeneratedAudioOptions) {
    super();
    this.#fn = fn;
    this.#options = options;
  }

  override copy(): GeneratedAudio<Inputs> {
    return new GeneratedAudio(this.#fn, this.#options);
  }

  override async startUp(): Promise<void> {
    // FastRTC's clients are waited for, without being asked; ours has shown its inputs beside the button that was pressed.
    const { signal } = this;
    if (!this.#options.autostart) await this.context.requestInputs({ signal, timeoutMs: null, keep: true, ask: false });
    this.#begin();
  }

  override receive(): void {
    // The client sends nothing.
  }

  override inputsChanged(): void {
    this.#begin();
  }

  /** Starts the function, as inputs do. Nothing happens while it runs. */
  override triggerResponse(): void {
    this.#begin();
  }

  override async emit(): Promise<Emission> {
    const reply = this.#reply ?? (await this.#started());
    if (reply === undefined) return undefined;
    try {
      const step = await reply.next();
      if (step.done) return this.#finish();
      readEmission(step.value);
      return step.value;
    } catch (error) {
      this.#fail(reply, error);
      return undefined;
    }
  }

  override shutdown(): void {
    this.#phase = "over";
    this.#reply?.abort();
    this.#wake?.(undefined);
  }

  #begin(): void {
    if (this.#phase !== "waiting" || this.signal.aborted) return;
    this.#phase = "running";
    const { context } = this;
    const limit = { clock: context.clock, timeoutMs: this.#options.replyTimeoutMs };
    this.#reply = new Reply((signal) => this.#fn(runOf(context, signal)), limit);
    this.#wake?.(this.#reply);
    this.#wake = undefined;
  }

  #started(): Promise<Reply | undefined> {
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    this.#wake = resolve;
    return promise;
  }

  /** The call ends with what it is for, as FastRTC's does; what is queued is played first. */
  #finish(): Emission {
    // Stopped by the end of the session, it has not finished by itself.
    if (this.#phase === "over") return undefined;
    this.#phase = "over";
    this.#reply = undefined;
    return new CloseStream();
  }

  /** The client may start it again. */
  #fail(reply: Reply, error: unknown): void {
    reportFailure(this.context, error, "the function failed; it starts again with the next inputs");
    // One that hangs or yields garbage still runs.
    reply.abort();
    this.#reply = undefined;
    if (this.#phase === "running") this.#phase = "waiting";
  }
}
