/**
 * Runs one handler for one session: feeds it frames, plays what it emits, keeps its failures to themselves, and shuts it
 * down exactly once.
 */
import { EdgeRtcError } from "../../shared/errors.ts";
import { type AudioFrame, frameDurationMs } from "../audio/frame.ts";
import type { Player } from "../audio/player.ts";
import { AsyncQueue } from "../handlers/async-queue.ts";
import type { HandlerContext } from "../handlers/context.ts";
import { type AdditionalOutputs, type CloseStream, type PlayableFrame, readEmission } from "../handlers/emission.ts";
import type { StreamHandler } from "../handlers/stream-handler.ts";

/** Input kept for a handler whose `receive` is still busy: 2 s. Past it the oldest is dropped. */
const MAX_PENDING_FRAMES = 100;
/** A handler with nothing to say is asked again after the next input, or after this. */
const IDLE_POLL_MS = 100;
/** After a failure in `emit`: first wait, doubled up to the limit, so that one that always throws costs nothing. */
const RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

export interface RunnerOptions {
  readonly handler: StreamHandler;
  readonly context: HandlerContext;
  readonly player: Player;
  /** Mode `send`: audio that the handler emits has nowhere to go. */
  readonly playsAudio: boolean;
  readonly onOutputs: (outputs: AdditionalOutputs) => void;
  readonly onClose: (close: CloseStream) => void;
}

export class HandlerRunner {
  readonly #options: RunnerOptions;
  readonly #frames = new AsyncQueue<AudioFrame>(MAX_PENDING_FRAMES);
  #inputWaiters: (() => void)[] = [];
  #sleeper: (() => void) | undefined;
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "running";
    const { handler, context } = this.#options;
    handler.attach(context);
    this.#run().catch((error: unknown) => this.#report(error, "the handler's loop ended"));
  }

  receive(frame: AudioFrame): void {
    if (this.#state === "running") this.#frames.push(frame);
  }

  playbackEnded(): void {
    if (this.#state !== "running") return;
    try {
      this.#options.handler.playbackEnded();
    } catch (error) {
      this.#report(error, "playbackEnded failed");
    }
  }

  inputsChanged(): void {
    if (this.#state !== "running") return;
    try {
      this.#options.handler.inputsChanged();
    } catch (error) {
      this.#report(error, "inputsChanged failed");
    }
    this.#wakeEmit();
  }

  /** @throws EdgeRtcError where the handler does not run yet or takes no turns. */
  triggerResponse(): void {
    if (this.#state !== "running") throw new EdgeRtcError("not_connected");
    this.#options.handler.triggerResponse();
    this.#wakeEmit();
  }

  /** Ends both loops and calls the handler's `shutdown`, once. */
  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    const started = this.#state === "running";
    this.#state = "stopped";
    this.#frames.close();
    this.#wakeEmit();
    this.#sleeper?.();
    if (!started) return;
    try {
      await this.#options.handler.shutdown();
    } catch (error) {
      this.#report(error, "shutdown failed");
    }
  }

  async #run(): Promise<void> {
    try {
      await this.#options.handler.startUp();
    } catch (error) {
      this.#report(error, "startUp failed");
    }
    await Promise.all([this.#receiveLoop(), this.#emitLoop()]);
  }

  async #receiveLoop(): Promise<void> {
    while (this.#state === "running") {
      const frame = await this.#frames.next();
      if (frame === undefined) continue;
      try {
        const busy = this.#options.handler.receive(frame);
        if (busy !== undefined) await busy;
      } catch (error) {
        this.#report(error, "receive failed");
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
        emission = await handler.emit();
        if (this.#state !== "running") return;
        if (emission === undefined || emission === null) await this.#nextInput(IDLE_POLL_MS);
        else await this.#play(emission);
        retryMs = RETRY_MS;
      } catch (error) {
        this.#report(error, "emit failed");
        await this.#nextTimer(retryMs);
        retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
      }
    }
  }

  async #play(emission: unknown): Promise<void> {
    const { audio, outputs, close } = readEmission(emission);
    const plays = audio !== undefined && this.#options.playsAudio;
    if (plays) {
      await this.#options.player.write(audio, isPlayable(audio) ? audio : undefined);
    }
    if (outputs !== undefined) this.#options.onOutputs(outputs);
    if (close !== undefined) this.#options.onClose(close);
    // What is played holds an eager handler back; without it, it would never let anybody else run.
    if (!plays) await this.#nextTimer(audio === undefined ? 0 : frameDurationMs(audio));
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

  /** Settles after `delayMs`, or when the runner stops. */
  #nextTimer(delayMs: number): Promise<void> {
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
    const text = error instanceof Error ? error.message : String(error);
    this.#options.context.logError(error, what);
    this.#options.context.send({ type: "error", message: text, data: text });
  }
}

function isPlayable(frame: AudioFrame): frame is PlayableFrame {
  return "onStart" in frame && typeof frame.onStart === "function";
}
