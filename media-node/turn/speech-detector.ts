/** From a probability of speech per 32 ms window to the moments that matter: speech starts, is confirmed, ends. */

/** Silero's window: 512 samples at 16 kHz. */
export const VAD_WINDOW_MS = 32;

/** When speech counts as speech and as over. Every default is a whole number of 32 ms windows. */
export interface SpeechOptions {
  /** Probability from which a window is speech. Default 0.5, as in Silero and FastRTC. */
  readonly threshold: number;
  /**
   * Probability below which a window is silence once the user talks. Default 0.35: Silero's `threshold − 0.15`. What lies
   * between the two starts nothing and ends nothing: after a pause, quiet words often come no higher.
   */
  readonly silenceThreshold: number;
  /**
   * Speech in a row before the user is taken to be talking; a reply is held from then on. Default 96: longer than a click. On the
   * telephone 48. A window of 0.85 or more counts half as much again, so that two of them will do, or one.
   */
  readonly startMs: number;
  /** Speech shorter than this in all is dismissed as noise. Default 160: a short "yes" has about 200. */
  readonly minSpeechMs: number;
  /** Speech after which it interrupts a reply. Default 256: longer than a cough. */
  readonly interruptMs: number;
  /** Silence after which a reply that was held goes on, unless that had come. Default 320: longer than a stop in a word. */
  readonly lapseMs: number;
  /**
   * Silence after which the turn is over. Default 608 at first: a speaker who pauses 350 ms inside a sentence is not cut off. It
   * then follows the speaker's own pauses, between the next two.
   */
  readonly silenceMs: number;
  /**
   * Silence after which it is over where the reply that is being thought ahead has no sound yet at `silenceMs`: nobody waits longer for that, and
   * hardly anybody pauses so long. Default 800 at first; it follows the speaker, too. Where `silenceMs` alone is given: the same.
   */
  readonly patientSilenceMs: number;
  /** Default 512, or `silenceMs` where only that is given: then it stays what it is. */
  readonly minSilenceMs: number;
  /** Default 1024, or `silenceMs` where only that is given. */
  readonly maxSilenceMs: number;
  /** A turn longer than this is ended by force. Default 60000: what the speech models take in one piece. */
  readonly maxTurnMs: number;
}

export const DEFAULT_SPEECH: SpeechOptions = {
  threshold: 0.5,
  silenceThreshold: 0.35,
  startMs: 96,
  minSpeechMs: 160,
  interruptMs: 256,
  lapseMs: 320,
  silenceMs: 608,
  patientSilenceMs: 800,
  minSilenceMs: 512,
  maxSilenceMs: 1_024,
  maxTurnMs: 60_000,
};

/** @throws RangeError for silences that contradict each other. */
export function completeSpeechOptions(given: Partial<SpeechOptions> = {}): SpeechOptions {
  const { silenceMs, maxSilenceMs = DEFAULT_SPEECH.maxSilenceMs } = given;
  const patientSilenceMs = silenceMs ?? Math.min(DEFAULT_SPEECH.patientSilenceMs, maxSilenceMs);
  const fixed = silenceMs === undefined ? {} : { minSilenceMs: silenceMs, maxSilenceMs: silenceMs };
  const complete = { ...DEFAULT_SPEECH, patientSilenceMs, ...fixed, ...given };
  const { minSilenceMs: min, silenceMs: first, maxSilenceMs: max, patientSilenceMs: patient } = complete;
  if (!(min <= first && first <= max && first <= patient)) {
    throw new RangeError(
      `speech: minSilenceMs ${min} ≤ silenceMs ${first} ≤ maxSilenceMs ${max} and patientSilenceMs ${patient} does not hold.`,
    );
  }
  return complete;
}

/**
 * `started`: the user talks. `confirmed`: long enough to interrupt. `lapsed`: it stopped before that, and may go on. `ended`:
 * the turn is over. `dismissed`: what started was too short to be speech.
 */
export type SpeechEvent = "started" | "confirmed" | "lapsed" | "ended" | "dismissed";

/** From here on the detector is as good as never wrong, a bang or a chord included (`node bench/turn-taking.ts sounds`). */
const SURE = 0.85;
const SURE_WEIGHT = 1.5;

type State =
  | {
      readonly kind: "silent";
      readonly speechMs: number;
      /** The same, where what is surely speech counts more. */
      readonly evidenceMs: number;
    }
  | {
      readonly kind: "speaking";
      readonly speechMs: number;
      readonly silenceMs: number;
      readonly totalMs: number;
      readonly confirmed: boolean;
    };

const SILENT: State = { kind: "silent", speechMs: 0, evidenceMs: 0 };

export class SpeechDetector {
  readonly #options: SpeechOptions;
  #state: State = SILENT;

  constructor(options: SpeechOptions) {
    this.#options = options;
  }

  /** True between `started` and `ended` or `dismissed`. */
  get speaking(): boolean {
    return this.#state.kind === "speaking";
  }

  /** Whether this turn's speech would interrupt a reply. */
  get confirmed(): boolean {
    return this.#state.kind === "speaking" && this.#state.confirmed;
  }

  /** Speech of this turn, in ms; 0 while nobody talks. */
  get speechMs(): number {
    return this.#state.kind === "speaking" ? this.#state.speechMs : 0;
  }

  /** Silence since the last window that was speech, in ms; 0 while nobody talks. */
  get silenceMs(): number {
    return this.#state.kind === "speaking" ? this.#state.silenceMs : 0;
  }

  /**
   * Takes the next window's probability; returns what it brought about.
   * @param endMs silence after which the turn is over this time. Default: the options' `silenceMs`.
   */
  push(probability: number, endMs: number = this.#options.silenceMs): SpeechEvent | undefined {
    return this.#state.kind === "silent"
      ? this.#listen(this.#state, probability)
      : this.#follow(this.#state, probability, endMs);
  }

  reset(): void {
    this.#state = SILENT;
  }

  #listen(state: State & { kind: "silent" }, probability: number): SpeechEvent | undefined {
    if (probability < this.#options.silenceThreshold) {
      this.#state = SILENT;
      return undefined;
    }
    const { threshold, startMs } = this.#options;
    const windowMs = probability >= threshold ? VAD_WINDOW_MS : 0;
    const speechMs = state.speechMs + windowMs;
    const evidenceMs = state.evidenceMs + windowMs * (probability >= SURE ? SURE_WEIGHT : 1);
    if (evidenceMs < startMs) {
      this.#state = { kind: "silent", speechMs, evidenceMs };
      return undefined;
    }
    this.#state = { kind: "speaking", speechMs, silenceMs: 0, totalMs: speechMs, confirmed: false };
    return "started";
  }

  #follow(state: State & { kind: "speaking" }, probability: number, endMs: number): SpeechEvent | undefined {
    const { silenceThreshold, minSpeechMs, interruptMs, lapseMs, maxTurnMs } = this.#options;
    const silent = probability < silenceThreshold;
    const speechMs = state.speechMs + (silent ? 0 : VAD_WINDOW_MS);
    const silenceMs = silent ? state.silenceMs + VAD_WINDOW_MS : 0;
    const totalMs = state.totalMs + VAD_WINDOW_MS;
    if (silenceMs >= endMs || totalMs >= maxTurnMs) {
      this.#state = SILENT;
      return speechMs >= minSpeechMs ? "ended" : "dismissed";
    }
    const confirmed = state.confirmed || speechMs >= interruptMs;
    this.#state = { kind: "speaking", speechMs, silenceMs, totalMs, confirmed };
    if (confirmed) return state.confirmed ? undefined : "confirmed";
    return silenceMs >= lapseMs && state.silenceMs < lapseMs ? "lapsed" : undefined;
  }
}
