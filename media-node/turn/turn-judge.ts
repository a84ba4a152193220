/** Keeps a session's last words for the end-of-turn model, and asks it in pauses: how much silence ends the turn. */
import { SampleBuffer } from "../audio/sample-buffer.ts";
import {
  type EndOfTurnEvent,
  type EndOfTurnOptions,
  type EndOfTurnState,
  endingSilenceMs,
  nextEndOfTurn,
  nextMs,
} from "./end-of-turn.ts";
import type { EndOfTurnModel } from "./end-of-turn-model.ts";
import { FailureStreak } from "./failure-streak.ts";
import { PRE_ROLL_MS } from "./turn-recorder.ts";

const SAMPLES_PER_MS = 16;
/** What the model is given at most. */
const MAX_SAMPLES = 8_000 * SAMPLES_PER_MS;
/** Samples past that before the oldest are dropped: so that not each frame moves all of them. */
const SLACK_SAMPLES = 1_000 * SAMPLES_PER_MS;

export interface TurnJudgeOptions {
  readonly model: EndOfTurnModel;
  readonly options: EndOfTurnOptions;
  /** The model failed; said once until it works again. */
  readonly onError: (error: unknown) => void;
}

export class TurnJudge {
  readonly #options: TurnJudgeOptions;
  readonly #streak: FailureStreak;
  readonly #audio = new SampleBuffer();
  #state: EndOfTurnState = "unasked";
  /** What the model was asked last. */
  #question: AbortController | undefined;

  constructor(options: TurnJudgeOptions) {
    this.#options = options;
    this.#streak = new FailureStreak(options.onError);
  }

  /**
   * Silence that ends the turn, as things are.
   * @param silenceMs what ends it without a verdict.
   */
  endingSilenceMs(silenceMs: number): number {
    return endingSilenceMs(this.#state, silenceMs, this.#options.options);
  }

  /** Silence at which something may come of a pause that has lasted for `silenceMs`, apart from what ends the turn now. Undefined: nothing. */
  nextMs(silenceMs: number): number | undefined {
    return nextMs(this.#state, silenceMs, this.#options.options);
  }

  /** Takes the session's audio, 16 kHz. */
  push(samples: Int16Array): void {
    this.#audio.append(samples);
    if (this.#audio.length > MAX_SAMPLES + SLACK_SAMPLES) this.#audio.keepLast(MAX_SAMPLES);
  }

  /** A turn has begun, a moment ago. */
  begin(): void {
    this.#audio.keepLast(PRE_ROLL_MS * SAMPLES_PER_MS);
  }

  /** A window of the turn was heard; `silenceMs` is the silence since the last that was speech. */
  heard(silenceMs: number): void {
    this.#step({ type: "window", silenceMs });
  }

  /** The turn ended, or was none. What the model still says about it is nobody's. */
  over(): void {
    this.#step({ type: "turn_over" });
  }

  #step(event: EndOfTurnEvent): void {
    const { state, action } = nextEndOfTurn(this.#state, event, this.#options.options);
    this.#state = state;
    if (action === "withdraw") this.#question?.abort();
    if (action === "ask") {
      this.#question = new AbortController();
      void this.#ask(this.#question.signal);
    }
  }

  /** Never rejects. One that never settles leaves the turn to silence. */
  async #ask(signal: AbortSignal): Promise<void> {
    const samples = this.#audio.view.slice(-MAX_SAMPLES);
    let probability: number | undefined;
    try {
      probability = await this.#options.model.judge(samples, { signal });
      if (!signal.aborted) this.#streak.succeeded();
    } catch (error) {
      if (!signal.aborted) this.#streak.failed(error);
    }
    if (!signal.aborted) this.#step({ type: "verdict", probability });
  }
}
