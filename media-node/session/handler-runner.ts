/**
 * Runs one handler for one session: feeds it frames, plays what it emits, keeps its failures to themselves, and shuts it
 * down exactly once.
 */

import type { ClientMessage } from "../../shared/channel.ts";
import { EdgeRtcError } from "../../shared/errors.ts";
import { RateBucket } from "../../shared/rate-bucket.ts";
import { type AudioFrame, frameDurationMs, toHeardFrame } from "../audio/frame.ts";
import type { Player } from "../audio/player.ts";
import { AsyncQueue } from "../handlers/async-queue.ts";
import type { HandlerContext } from "../handlers/context.ts";
import { inContext } from "../handlers/current-context.ts";
import {
  type AdditionalOutputs,
  type CloseStream,
  type Emission,
  type PlayableFrame,
  readEmission,
} from "../handlers/emission.ts";
import { reportFailure } from "../handlers/run.ts";
import type { StreamHandler } from "../handlers/stream-handler.ts";
import { within } from "../time/deadline.ts";

/** Input kept for a handler whose `receive` is still busy: 2 s. Past it the oldest is dropped. */
const MAX_PENDING_FRAMES = 100;
/** A handler with nothing to say is asked again after the next input, or after this. */
const IDLE_POLL_MS = 100;
/** After a failure in `emit`: first wait, doubled up to the limit, so that one that always throws costs nothing. */
const RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** The client's own messages that wait for a handler that is still busy with one. Past it the oldest is dropped. */
const MAX_PENDING_MESSAGES = 64;
/** Keys that a caller presses before the handler runs. Past it the first are forgotten. */
const MAX_EARLY_DIGITS = 32;
/** Longest that `receive` and `onMessage` may take for one frame or message; then the next one is handed over. */
const INPUT_TIMEOUT_MS = 10_000;
/** Longest that a session waits for `shutdown`. It has ended long before: this is for the log. */
const SHUTDOWN_TIMEOUT_MS = 10_000;
/** Failures that are told, a second and at once: a handler that fails on every frame floods neither log nor client. */
const FAILURES_PER_SECOND = 1;
const FAILURE_BURST = 10;
/** Outputs and warnings, a second and at once. Past it the handler waits. */
const VALUES_PER_SECOND = 200;
const VALUE_BURST = 500;
const VALUE_PAUSE_MS = 5;

export interface RunnerOptions {
  readonly handler: StreamHandler;
  readonly context: HandlerContext;
  readonly player: Pick<Player, "ready" | "write">;
  /** Mode `send`: audio that the handler emits has nowhere to go. */
  readonly playsAudio: boolean;
  readonly onOutputs: (outputs: AdditionalOutputs) => void;
  readonly onClose: (close: CloseStream) => void;
}

export class HandlerRunner {
  readonly #options: RunnerOptions;
  readonly #frames = new AsyncQueue<AudioFrame>(MAX_PENDING_FRAMES);
  readonly #messages = new AsyncQueue<ClientMessage>(MAX_PENDING_MESSAGES);
  readonly #failures = new RateBucket(FAILURES_PER_SECOND, FAILURE_BURST);
  readonly #values = new RateBucket(VALUES_PER_SECOND, VALUE_BURST);
  /** Aborted when the loops end: a call that hangs is not waited for any more. */
  readonly #over = new AbortController();
  #earlyDigits = "";
  #inputWaiters: (() => void)[] = [];
  #sleeper: (() => void) | undefined;
  /** `closing`: the handler has hung up. It is asked for nothing more, and what it has said is played. */
  #state: "new" | "running" | "closing" | "stopped" = "new";

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "running";
    const { handler, context } = this.#options;
    handler.attach(context);
    inContext(context, () => {
      // As in FastRTC the loops do not wait for it: a bridge to a provider may stay in there for the whole session.
      this.#guard("startUp failed", () => handler.startUp());
      this.#run().catch((error: unknown) => this.#report(error, "the handler's loop ended"));
    });
    for (const digit of this.#earlyDigits) this.dtmf(digit);
  }

  receive(frame: AudioFrame): void {
    if (this.#state === "running") this.#frames.push(frame);
  }

  /** Hands a message of the client's own to the handler, in order; those that come before it runs wait for it. */
  message(message: ClientMessage): void {
    this.#messages.push(message);
  }

  playbackEnded(): void {
    if (this.#state !== "running" && this.#state !== "closing") return;
    this.#guard("playbackEnded failed", () => this.#options.handler.playbackEnded());
  }

  /** Hands a telephone's key to the handler; those pressed before it runs wait for it. */
  dtmf(digit: string): void {
    if (this.#state === "new") this.#earlyDigits = `${this.#earlyDigits}${digit}`.slice(-MAX_EARLY_DIGITS);
    if (this.#state !== "running") return;
    this.#guard("dtmf failed", () => this.#options.handler.dtmf(digit));
    this.#wakeEmit();
  }

  inputsChanged(): void {
    if (this.#state !== "running") return;
    this.#guard("inputsChanged failed", () => this.#options.handler.inputsChanged());
    this.#wakeEmit();
  }

  /** @throws EdgeRtcError where the handler does not run yet or takes no turns. */
  triggerResponse(): void {
    if (this.#state !== "running") throw new EdgeRtcError("not_connected");
    const { handler, context } = this.#options;
    inContext(context, () => handler.triggerResponse());
    this.#wakeEmit();
  }

  /** Ends the loops and calls the handler's `shutdown`, once. */
  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    const started = this.#state !== "new";
    this.#state = "stopped";
    this.#endLoops();
    if (!started) return;
    const { handler, context } = this.#options;
    try {
      const done = inContext(context, () => handler.shutdown());
      if (done !== undefined) await within(done, SHUTDOWN_TIMEOUT_MS, context.clock, "The handler's shutdown");
    } catch (error) {
      this.#report(error, "shutdown failed");
    }
  }

  #endLoops(): void {
    this.#over.abort();
    this.#frames.close();
    this.#messages.close();
    this.#wakeEmit();
    this.#sleeper?.();
  }

  /** Calls into the handler; what it throws, now or later, costs that call alone. After the end it is nobody's. */
  #guard(what: string, call: () => void | Promise<void>): void {
    const report = (error: unknown): void => {
      if (this.#state !== "stopped") this.#report(error, what);
    };
    try {
      const done = inContext(this.#options.context, call);
      if (done !== undefined) done.catch(report);
    } catch (error) {
      report(error);
    }
  }

  async #run(): Promise<void> {
    const { handler } = this.#options;
    await Promise.all([
      this.#inputLoop("receive", this.#frames, (frame) => handler.receive(toHeardFrame(frame))),
      this.#inputLoop("onMessage", this.#messages, (message) => handler.onMessage(message)),
      this.#emitLoop(),
    ]);
  }

  /** Hands items over one by one. One that the handler never finishes must not keep it deaf to the next. */
  async #inputLoop<T>(name: string, items: AsyncQueue<T>, hand: (item: T) => void | Promise<void>): Promise<void> {
    const { clock } = this.#options.context;
    while (this.#state === "running") {
      const item = await items.next();
      if (item === undefined) continue;
      try {
        const busy = hand(item);
        if (busy !== undefined) await within(busy, INPUT_TIMEOUT_MS, clock, `The handler's ${name}`, this.#over.signal);
      } catch (error) {
        // Most calls fail when their session ends: that is no failure of theirs.
        if (this.#over.signal.aborted) return;
        this.#report(error, `${name} failed`);
      }
      this.#wakeEmit();
    }
  }

  async #emitLoop(): Promise<void> {
    const { handler, player } = this.#options;
    let retryMs = RETRY_MS;
    while (this.#state === "running") {
      await player.ready();
      let emission: unknown;
      try {
        emission = await this.#emit(handler);
        if (this.#state !== "running") return;
        if (emission === undefined || emission === null) await this.#nextInput(IDLE_POLL_MS);
        else await this.#play(emission);
        retryMs = RETRY_MS;
      } catch (error) {
        if (this.#over.signal.aborted) return;
        this.#report(error, "emit failed");
        await this.#nextTimer(retryMs);
        retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
      }
    }
  }

  /** @throws what `emit` does; Error where it takes longer than the handler allows it. */
  #emit(handler: StreamHandler): Emission | Promise<Emission> {
    const emission = handler.emit();
    if (handler.emitTimeoutMs === null || !(emission instanceof Promise)) return emission;
    const { clock } = this.#options.context;
    return within(emission, handler.emitTimeoutMs, clock, "The handler's emit", this.#over.signal);
  }

  async #play(emission: unknown): Promise<void> {
    const { audio, outputs, close, warning } = readEmission(emission);
    // Without a sample there is nothing to wait for.
    const plays = audio !== undefined && audio.samples.length > 0 && this.#options.playsAudio;
    if (outputs !== undefined || warning !== undefined) await this.#pace();
    if (plays) {
      await this.#options.player.write(audio, isPlayable(audio) ? audio : undefined);
    }
    // The session may have ended meanwhile.
    if (this.#state !== "running") return;
    if (outputs !== undefined) this.#options.onOutputs(outputs);
    if (warning !== undefined) this.#options.context.warn(warning.message);
    if (close !== undefined) this.#close(close);
    // What is played holds an eager handler back; without it, it would never let anybody else run.
    if (!plays) await this.#nextTimer(audio === undefined ? 0 : frameDurationMs(audio));
  }

  /** Holds a handler back that gives values without end: none is lost, and none piles up. */
  async #pace(): Promise<void> {
    const { clock } = this.#options.context;
    while (this.#state === "running" && !this.#values.take(clock.nowMs())) await this.#nextTimer(VALUE_PAUSE_MS);
  }

  /** The handler hangs up: what it has said is played to its end, whoever speaks meanwhile, and nothing after it. */
  #close(close: CloseStream): void {
    this.#state = "closing";
    this.#endLoops();
    this.#options.context.resumeOutput();
    this.#options.onClose(close);
  }

  #nextInput(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.context.clock.after(timeoutMs, () => this.#wakeEmit());
      this.#inputWaiters.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Settles after `delayMs`, or when the loops end. */
  #nextTimer(delayMs: number): Promise<void> {
    if (this.#over.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.context.clock.after(delayMs, () => {
        this.#sleeper = undefined;
        resolve();
      });
      this.#sleeper = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #wakeEmit(): void {
    for (const wake of this.#inputWaiters.splice(0)) wake();
  }

  #report(error: unknown, what: string): void {
    const { context } = this.#options;
    if (this.#failures.take(context.clock.nowMs())) reportFailure(context, error, what);
  }
}

function isPlayable(frame: AudioFrame): frame is PlayableFrame {
  return "onStart" in frame && typeof frame.onStart === "function";
}
