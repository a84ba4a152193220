/**
 * How long this speaker pauses without being done, learnt from the pauses heard so far: the silence that ends a turn follows it
 * within bounds. Longer at once, since cutting somebody off is worse than waiting; shorter a little with each turn.
 */
import { type SpeechOptions, VAD_WINDOW_MS } from "./speech-detector.ts";

/** Shorter ones are stops within a word, and say nothing. */
const PAUSE_FROM_MS = 200;
/** Silence waited for past the longest pause: five windows of the detector, for one that is a little longer. */
const MARGIN_MS = 160;
/** Pauses remembered: of the last minute or two, so that a slow start of a call is forgotten. */
const KEPT_PAUSES = 12;
/** Turns heard before the silence gets shorter than at first: too few pauses say little. */
const TURNS_TO_TRUST = 3;
/** Shorter by no more than this with each turn. */
const STEP_MS = VAD_WINDOW_MS;

export interface PaceOptions {
  /** At first. */
  readonly silenceMs: number;
  readonly minSilenceMs: number;
  readonly maxSilenceMs: number;
}

/** How much sooner than at first a turn ends, at most, where nobody waits for its end: the default's 608 − 512. */
const PATIENT_REACH_MS = 96;

/** For a turn whose reply is waited for anyway: see `patientSilenceMs`. */
export function patientPace({ minSilenceMs, maxSilenceMs, patientSilenceMs }: SpeechOptions): PaceOptions {
  return {
    silenceMs: patientSilenceMs,
    minSilenceMs: Math.max(minSilenceMs, patientSilenceMs - PATIENT_REACH_MS),
    maxSilenceMs: Math.max(maxSilenceMs, patientSilenceMs),
  };
}

export class SpeakerPace {
  readonly #options: PaceOptions;
  #pausesMs: number[] = [];
  #turns = 0;
  #silenceMs: number;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#silenceMs = options.silenceMs;
  }

  /** Silence that ends a turn, as things are; between the options' bounds. */
  get silenceMs(): number {
    return this.#silenceMs;
  }

  /** The speaker paused for so long, and went on: within a turn, or after one that was ended too early. */
  wentOnAfter(pauseMs: number): void {
    if (pauseMs < PAUSE_FROM_MS) return;
    this.#pausesMs = [...this.#pausesMs, pauseMs].slice(-KEPT_PAUSES);
    this.#silenceMs = Math.max(this.#silenceMs, this.#wanted);
  }

  /** A turn is over, for good as far as one can tell. */
  turnEnded(): void {
    this.#turns += 1;
    if (this.#turns < TURNS_TO_TRUST) return;
    this.#silenceMs = Math.max(this.#wanted, this.#silenceMs - STEP_MS);
  }

  get #wanted(): number {
    const { minSilenceMs, maxSilenceMs } = this.#options;
    return Math.min(maxSilenceMs, Math.max(minSilenceMs, ...this.#pausesMs.map((ms) => ms + MARGIN_MS)));
  }
}
