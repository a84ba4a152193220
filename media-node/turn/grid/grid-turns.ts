/** Finds turns as FastRTC does: on a fixed grid of chunks, each judged as a whole. */
import { type AudioFrame, toInt16, toMono } from "../../audio/frame.ts";
import { within } from "../../time/deadline.ts";
import { FailureStreak } from "../failure-streak.ts";
import type { TurnFinder, TurnHost } from "../turn-finder.ts";
import { nextGridTurn } from "./grid-turn-machine.ts";
import { MAX_TURN_S } from "./options.ts";
import { PauseState } from "./pause-state.ts";

/** Less than the 2 s of audio that may wait for a handler: past it the turn is given up, not the session. */
const DETERMINE_TIMEOUT_MS = 1_900;

/**
 * Called with each frame: whether the turn is over.
 * @param audio what is in the state's buffer, Int16 mono; good until the promise settles.
 */
export type DeterminePause = (audio: Int16Array, sampleRate: number, state: PauseState) => boolean | Promise<boolean>;

/** `onError` is called when `determinePause` fails and the turn is lost: once, until it works again. */
export interface GridTurnsOptions extends Pick<TurnHost, "sampleRate" | "clock" | "onEvent" | "onError"> {
  readonly determinePause: DeterminePause;
  /** Default true. */
  readonly announcesTalking?: boolean;
}

export class GridTurns implements TurnFinder {
  readonly announcesTalking: boolean;
  readonly next = nextGridTurn;
  readonly #options: GridTurnsOptions;
  readonly #streak: FailureStreak;
  /** Replaced with every turn: what is still on its way for an older one changes nothing. */
  #state: PauseState;

  constructor(options: GridTurnsOptions) {
    this.#options = options;
    this.announcesTalking = options.announcesTalking ?? true;
    this.#streak = new FailureStreak(options.onError);
    this.#state = new PauseState(options.sampleRate);
  }

  get speaking(): boolean {
    return this.#state.startedTalking;
  }

  push(frame: AudioFrame): void | Promise<void> {
    const state = this.#state;
    const { determinePause, sampleRate } = this.#options;
    const talked = state.startedTalking;
    state.push(toInt16(toMono(frame)));
    try {
      const paused = determinePause(state.buffer, sampleRate, state);
      if (typeof paused !== "boolean") return this.#wait(state, talked, paused);
      this.#judged(state, talked, paused);
    } catch (error) {
      this.#failed(state, error);
    }
  }

  begin(): void {
    // What belongs to the turn is the grid's own business.
  }

  discard(): void {
    this.#state = new PauseState(this.#options.sampleRate);
  }

  take(): AudioFrame {
    const { sampleRate, stream } = this.#state;
    const samples = stream.slice();
    this.discard();
    return { sampleRate, samples };
  }

  peek(): AudioFrame {
    const { sampleRate, stream } = this.#state;
    return { sampleRate, samples: stream.slice() };
  }

  wentOn(): void {
    // The grid's pauses are what its options say.
  }

  restart(): void {
    // The turn is taken right after, and the next one starts silent.
  }

  close(): void {
    this.discard();
  }

  async #wait(state: PauseState, talked: boolean, work: Promise<boolean>): Promise<void> {
    try {
      const paused = await within(work, DETERMINE_TIMEOUT_MS, this.#options.clock, "Looking for a pause");
      this.#judged(state, talked, paused);
    } catch (error) {
      this.#failed(state, error);
    }
  }

  #judged(state: PauseState, talked: boolean, paused: boolean): void {
    if (state !== this.#state) return;
    this.#streak.succeeded();
    const { onEvent, sampleRate } = this.#options;
    if (state.startedTalking && !talked) onEvent({ type: "speech_started" });
    const isFull = Math.max(state.stream.length, state.buffer.length) / sampleRate >= MAX_TURN_S;
    if (paused || isFull) onEvent({ type: "speech_ended" });
  }

  #failed(state: PauseState, error: unknown): void {
    if (state !== this.#state) return;
    this.#streak.failed(error);
    this.discard();
    this.#options.onEvent({ type: "speech_dismissed" });
  }
}
