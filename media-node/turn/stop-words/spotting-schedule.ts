/**
 * When to transcribe in search of a stop word: once somebody has spoken, not all the time. Pure: probabilities in.
 * FastRTC transcribes every 0.6 s for every listener, silent ones included.
 */
import { type SpeechOptions, VAD_WINDOW_MS } from "../speech-detector.ts";

/** Speech in all before it is worth a look: less is no word. */
const MIN_SPEECH_MS = 96;
/** Silence after which what was said is looked at. */
const SILENCE_MS = 192;
/** While somebody goes on speaking it is looked at this often. Two looks share a second, so no word is cut in both. */
const INTERVAL_MS = 960;

type State =
  | { readonly kind: "silent" }
  | {
      readonly kind: "speaking";
      /** Since it began. */
      readonly speechMs: number;
      /** Of that, what has not been looked at. */
      readonly newSpeechMs: number;
      readonly silenceMs: number;
      /** Since it began, or was looked at. */
      readonly sinceMs: number;
    };

const SILENT: State = { kind: "silent" };

export class SpottingSchedule {
  readonly #options: Pick<SpeechOptions, "threshold" | "silenceThreshold">;
  #state: State = SILENT;

  constructor(options: Pick<SpeechOptions, "threshold" | "silenceThreshold">) {
    this.#options = options;
  }

  /** Whether somebody goes on speaking. */
  get speaking(): boolean {
    return this.#state.kind === "speaking";
  }

  /** Takes the next window's probability; true when it is time to transcribe. */
  push(probability: number): boolean {
    const { threshold, silenceThreshold } = this.#options;
    const state = this.#state;
    if (state.kind === "silent" && probability < threshold) return false;
    const before = state.kind === "silent" ? { speechMs: 0, newSpeechMs: 0, silenceMs: 0, sinceMs: 0 } : state;
    const spokenMs = probability < silenceThreshold ? 0 : VAD_WINDOW_MS;
    const speechMs = before.speechMs + spokenMs;
    const newSpeechMs = before.newSpeechMs + spokenMs;
    const silenceMs = spokenMs > 0 ? 0 : before.silenceMs + VAD_WINDOW_MS;
    const sinceMs = before.sinceMs + VAD_WINDOW_MS;
    const isOver = silenceMs >= SILENCE_MS;
    const isDue = (isOver || sinceMs >= INTERVAL_MS) && newSpeechMs > 0 && speechMs >= MIN_SPEECH_MS;
    if (isOver) this.#state = SILENT;
    else if (isDue) this.#state = { kind: "speaking", speechMs, silenceMs, newSpeechMs: 0, sinceMs: 0 };
    else this.#state = { kind: "speaking", speechMs, silenceMs, newSpeechMs, sinceMs };
    return isDue;
  }
}
