/** What is known of the turn that goes on, on FastRTC's grid, and the rule that judges a chunk. Pure: no model, no clock. */
import { SampleBuffer } from "../../audio/sample-buffer.ts";
import type { AlgoOptions } from "./options.ts";

/** FastRTC's `AppState`, without the fields that are the session's business. */
export class PauseState {
  readonly sampleRate: number;
  readonly #buffer = new SampleBuffer();
  readonly #stream = new SampleBuffer();
  #phase: "silent" | "talking" = "silent";

  /** @param sampleRate of all audio that comes, in Hz. */
  constructor(sampleRate: number) {
    this.sampleRate = sampleRate;
  }

  /** Whether the user has begun to talk: FastRTC's `started_talking`. */
  get startedTalking(): boolean {
    return this.#phase === "talking";
  }

  /** Audio that is not judged yet, mono. Good until the state is changed, as `stream` is. */
  get buffer(): Int16Array {
    return this.#buffer.view;
  }

  /** The turn so far, mono: from the chunk in which the user began to talk. */
  get stream(): Int16Array {
    return this.#stream.view;
  }

  /** Adds audio that is to be judged. */
  push(samples: Int16Array): void {
    this.#buffer.append(samples);
  }

  /** The user talks. */
  startTalking(): void {
    this.#phase = "talking";
  }

  /** Adds audio to the turn. */
  keep(samples: Int16Array): void {
    this.#stream.append(samples);
  }

  /** What is in the buffer is judged. */
  clearBuffer(): void {
    this.#buffer.clear();
  }
}

/**
 * Judges a chunk by its seconds of speech: whether the turn is over with it. Adds it to the turn, if there is one.
 * @param chunk what is in the state's buffer.
 */
export function judgeChunk(state: PauseState, chunk: Int16Array, speechS: number, options: AlgoOptions): boolean {
  if (speechS > options.startedTalkingThreshold) state.startTalking();
  if (state.startedTalking) {
    state.keep(chunk);
    // As in FastRTC the chunk stays in the buffer here: were the turn not taken now, it would be judged once more.
    if (state.stream.length / state.sampleRate >= options.maxContinuousSpeechS) return true;
  }
  state.clearBuffer();
  return state.startedTalking && speechS < options.speechThreshold;
}
