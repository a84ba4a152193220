/** Measures the speech in each chunk of the grid, with FastRTC's or the developer's model, and judges by it. */
import type { AudioFrame } from "../../audio/frame.ts";
import type { Clock } from "../../time/clock.ts";
import { within } from "../../time/deadline.ts";
import { FailureStreak } from "../failure-streak.ts";
import type { AlgoOptions, SileroVadOptions } from "./options.ts";
import type { PauseDetection, PauseDetectionModel } from "./pause-detection-model.ts";
import { judgeChunk, type PauseState } from "./pause-state.ts";

/** A model that takes longer has failed: meanwhile the user's audio waits. */
const VAD_TIMEOUT_MS = 1_000;

/** As FastRTC has it: what cannot be measured is speech, so that nobody is cut off. */
const UNMEASURED: PauseDetection = [Number.POSITIVE_INFINITY, []];

/** How a handler finds turns on the grid. */
export interface GridOptions {
  readonly algo: AlgoOptions;
  readonly vad: SileroVadOptions;
  readonly model: PauseDetectionModel;
}

export interface ChunkJudgeOptions extends GridOptions {
  readonly clock: Clock;
  /** The model failed; said once until it works again. */
  readonly onError: (error: unknown) => void;
}

export class ChunkJudge {
  readonly #options: ChunkJudgeOptions;
  readonly #streak: FailureStreak;

  constructor(options: ChunkJudgeOptions) {
    this.#options = options;
    this.#streak = new FailureStreak(options.onError);
  }

  /** Whether this is enough audio to be judged. */
  isChunk(audio: Int16Array, sampleRate: number): boolean {
    return audio.length / sampleRate >= this.#options.algo.audioChunkDuration;
  }

  /** Seconds of speech and where it is; Infinity where the model fails. */
  async detect(audio: AudioFrame): Promise<PauseDetection> {
    const { model, vad, clock } = this.#options;
    try {
      const detect = async () => await model.vad(audio, vad);
      const detection = await within(detect(), VAD_TIMEOUT_MS, clock, "Voice activity detection");
      this.#streak.succeeded();
      return detection;
    } catch (error) {
      this.#streak.failed(error);
      return UNMEASURED;
    }
  }

  /** FastRTC's rule: whether the turn is over with `audio`, which is what is in the state's buffer. */
  determinePause(audio: Int16Array, sampleRate: number, state: PauseState): boolean | Promise<boolean> {
    return this.isChunk(audio, sampleRate) && this.#judge(audio.slice(), sampleRate, state);
  }

  async #judge(chunk: Int16Array, sampleRate: number, state: PauseState): Promise<boolean> {
    const [seconds] = await this.detect({ sampleRate, samples: chunk });
    return judgeChunk(state, chunk, seconds, this.#options.algo);
  }
}
