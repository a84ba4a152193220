/** A `ReplyOnPause` that can be looked into: its phase, whether its output is held, how often it was shut down. */
import { type AudioFrame, frameDurationMs } from "../../../audio/frame.ts";
import type { TurnFinder, TurnHost } from "../../../turn/turn-finder.ts";
import type { TurnAction, TurnEvent, TurnPhase, TurnStep } from "../../../turn/turn-machine.ts";
import type { HandlerContext } from "../../context.ts";
import { type Emission, readEmission } from "../../emission.ts";
import type { ReplyFunction } from "../../reply-function.ts";
import { ReplyOnPause } from "../../reply-on-pause.ts";
import type { ReplyOnPauseOptions } from "../../reply-on-pause-options.ts";

/** What is seen of a handler. */
export interface Sight {
  phase: TurnPhase;
  output: "open" | "held";
  /** What was said before belongs to the turn that goes on. */
  merging: boolean;
  /** A reply was played, to its end or to its interruption. */
  replied: boolean;
  shutdowns: number;
  /** It has hung up. */
  closing: boolean;
  /** Audio it has given that has neither been sent nor cleared. */
  queuedMs: number;
  speaking: () => boolean;
  /** Audio is on its way to the client. */
  playing: () => boolean;
  /** Drops it, as a handler may at any time. */
  clear: () => void;
  readonly phases: Set<TurnPhase>;
}

/** @param phases takes every phase that is reached. */
export function newSight(phases: Set<TurnPhase>): Sight {
  return {
    phase: "listening",
    output: "open",
    merging: false,
    replied: false,
    shutdowns: 0,
    closing: false,
    queuedMs: 0,
    speaking: () => false,
    playing: () => false,
    clear: () => undefined,
    phases,
  };
}

export class WatchedReply extends ReplyOnPause {
  protected readonly sight: Sight;
  readonly #fn: ReplyFunction;
  readonly #options: ReplyOnPauseOptions;

  constructor(sight: Sight, fn: ReplyFunction, options: ReplyOnPauseOptions) {
    super(fn, options);
    this.sight = sight;
    this.#fn = fn;
    this.#options = options;
  }

  override copy(): WatchedReply {
    return this.same(this.sight, this.#fn, this.#options);
  }

  /** One more of the same class. */
  protected same(sight: Sight, fn: ReplyFunction, options: ReplyOnPauseOptions): WatchedReply {
    return new WatchedReply(sight, fn, options);
  }

  override attach(context: HandlerContext): void {
    const { sight } = this;
    // Its own getters go on being looked up.
    const watched: HandlerContext = Object.create(context, {
      holdOutput: { value: () => see("held", context.holdOutput) },
      resumeOutput: { value: () => see("open", context.resumeOutput) },
      clearQueue: {
        value: () => {
          sight.queuedMs = 0;
          return see("open", context.clearQueue);
        },
      },
    });
    function see<T>(output: Sight["output"], act: () => T): T {
      sight.output = output;
      return act();
    }
    sight.playing = context.playing;
    sight.clear = () => {
      this.clearQueue();
    };
    super.attach(watched);
  }

  override async emit(): Promise<Emission> {
    const emission = await super.emit();
    const { audio, close } = readEmission(emission);
    if (close !== undefined) this.sight.closing = true;
    if (audio !== undefined) this.sight.queuedMs += frameDurationMs(audio);
    return emission;
  }

  override shutdown(): void {
    this.sight.shutdowns += 1;
    super.shutdown();
  }

  protected override openTurns(host: TurnHost, judge: Parameters<ReplyOnPause["openTurns"]>[1]): TurnFinder {
    const turns = super.openTurns(host, judge);
    this.sight.speaking = () => turns.speaking;
    return new WatchedTurns(turns, (phase, event) => this.step(turns, phase, event));
  }

  /** One step of the turn machine. */
  protected step(turns: TurnFinder, phase: TurnPhase, event: TurnEvent): TurnStep {
    const step = turns.next(phase, event);
    const { sight } = this;
    sight.phase = step.phase;
    sight.phases.add(step.phase);
    const has = (action: TurnAction): boolean => step.actions.includes(action);
    if (has("abort_and_merge")) sight.merging = true;
    if (has("begin_reply") || has("confirm_reply")) sight.merging = false;
    if (isReply(phase) && !isReply(step.phase)) sight.replied = true;
    return step;
  }
}

/** Finds turns as another does. */
class WatchedTurns implements TurnFinder {
  readonly next: TurnFinder["next"];
  readonly #turns: TurnFinder;

  constructor(turns: TurnFinder, next: TurnFinder["next"]) {
    this.#turns = turns;
    this.next = next;
  }

  get speaking(): boolean {
    return this.#turns.speaking;
  }

  get announcesTalking(): boolean {
    return this.#turns.announcesTalking;
  }

  push(frame: AudioFrame): void | Promise<void> {
    return this.#turns.push(frame);
  }

  begin(): void {
    this.#turns.begin();
  }

  discard(): void {
    this.#turns.discard();
  }

  take(paused: boolean): AudioFrame {
    return this.#turns.take(paused);
  }

  peek(): AudioFrame {
    return this.#turns.peek();
  }

  wentOn(): void {
    this.#turns.wentOn();
  }

  restart(): void {
    this.#turns.restart();
  }

  close(): void {
    this.#turns.close();
  }
}

function isReply(phase: TurnPhase): boolean {
  return phase !== "listening" && phase !== "user_speaking" && phase !== "maybe_ended";
}
