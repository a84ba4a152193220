/** FastRTC's search for a stop word: in each chunk of its grid, over the last two seconds. */
import type { AudioFrame } from "../../audio/frame.ts";
import { SampleBuffer } from "../../audio/sample-buffer.ts";
import type { Clock } from "../../time/clock.ts";
import { within } from "../../time/deadline.ts";
import { FailureStreak } from "../failure-streak.ts";
import type { ChunkJudge } from "../grid/chunk-judge.ts";
import type { DeterminePause } from "../grid/grid-turns.ts";
import type { PauseState } from "../grid/pause-state.ts";
import type { AudioChunk } from "../grid/speech-timestamps.ts";
import type { SpottingOptions } from "./stop-word-turns.ts";

const WINDOW_S = 2;
/** The model's chunks are in samples at this rate. */
const VAD_RATE = 16_000;
/** With the time for voice activity detection it is less than what a chunk may take. */
const TRANSCRIBE_TIMEOUT_MS = 800;

export interface StopWordGridOptions extends SpottingOptions {
  readonly judge: ChunkJudge;
  /** Whether the turn is over, once a stop word was said. */
  readonly determinePause: DeterminePause;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Where a turn stands. */
type Search = { readonly kind: "searching"; readonly sound: SampleBuffer } | { readonly kind: "found" };

export class StopWordGrid {
  readonly #options: StopWordGridOptions;
  readonly #streak: FailureStreak;
  /** A turn's search goes with its state. */
  readonly #searches = new WeakMap<PauseState, Search>();

  constructor(options: StopWordGridOptions) {
    this.#options = options;
    this.#streak = new FailureStreak(options.onError);
  }

  determinePause(audio: Int16Array, sampleRate: number, state: PauseState): boolean | Promise<boolean> {
    const search = this.#searches.get(state) ?? { kind: "searching", sound: new SampleBuffer() };
    if (search.kind === "found") return this.#options.determinePause(audio, sampleRate, state);
    this.#searches.set(state, search);
    return this.#options.judge.isChunk(audio, sampleRate) && this.#look(audio, sampleRate, state, search.sound);
  }

  async #look(audio: Int16Array, sampleRate: number, state: PauseState, sound: SampleBuffer): Promise<false> {
    sound.append(audio);
    sound.keepLast(WINDOW_S * sampleRate);
    const samples = sound.view.slice();
    const [, chunks] = await this.#options.judge.detect({ sampleRate, samples });
    const text = await this.#transcribe({ sampleRate, samples }, chunks);
    state.clearBuffer();
    if (this.#options.words.endIn(text) !== undefined) {
      this.#searches.set(state, { kind: "found" });
      this.#options.onStopWord();
    }
    return false;
  }

  async #transcribe({ sampleRate, samples }: AudioFrame, chunks: readonly AudioChunk[]): Promise<string> {
    const { stt, clock } = this.#options;
    const stop = new AbortController();
    const at = (position: number) => Math.round((position * sampleRate) / VAD_RATE);
    const transcribe = async () => {
      const texts: string[] = [];
      for (const { start, end } of chunks) {
        const piece = { sampleRate, samples: samples.subarray(at(start), at(end)) };
        texts.push(await stt.stt(piece, { signal: stop.signal }));
      }
      return texts.join(" ");
    };
    try {
      const text = await within(transcribe(), TRANSCRIBE_TIMEOUT_MS, clock, "The search for the stop word");
      this.#streak.succeeded();
      return text;
    } catch (error) {
      stop.abort();
      this.#streak.failed(error);
      return "";
    }
  }
}
