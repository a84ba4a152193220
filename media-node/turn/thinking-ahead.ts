/** When in a turn it is worth to begin the reply although the turn may go on: pure, windows in, news out. */

/** Replies begun ahead in one turn: who pauses more often is telling a story. LiveKit Agents stop at as many. */
const MAX_PER_TURN = 3;

export interface ThinkingAheadOptions {
  /** Silence after which the speaker may be done. */
  readonly thinkAheadMs: number;
  /** A turn with less speech is none. */
  readonly minSpeechMs: number;
}

export class ThinkingAhead {
  readonly #options: ThinkingAheadOptions;
  #state: "waiting" | "ahead" = "waiting";
  #begun = 0;

  constructor(options: ThinkingAheadOptions) {
    this.#options = options;
  }

  /** A window of a turn was heard. */
  heard(speechMs: number, silenceMs: number): "speech_paused" | "speech_resumed" | undefined {
    const { thinkAheadMs, minSpeechMs } = this.#options;
    if (this.#state === "ahead") {
      if (silenceMs > 0) return undefined;
      this.#state = "waiting";
      return "speech_resumed";
    }
    if (silenceMs < thinkAheadMs || speechMs < minSpeechMs || this.#begun === MAX_PER_TURN) return undefined;
    this.#state = "ahead";
    this.#begun += 1;
    return "speech_paused";
  }

  /** The turn is over, or was none. */
  over(): void {
    this.#state = "waiting";
    this.#begun = 0;
  }
}
