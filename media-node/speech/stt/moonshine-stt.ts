/** Speech to text with Moonshine, in a thread of its own: English, a whole turn at a time, forty times real time. */
import * as v from "valibot";
import type { AudioInput } from "../../audio/frame.ts";
import type { Clock } from "../../time/clock.ts";
import type { LoadProgram, ThreadProgram } from "../engine-thread.ts";
import type { EngineUsage } from "../engine-usage.ts";
import { JobPool } from "../job-pool.ts";
import { loadModel } from "../load-model.ts";
import { checkAudio } from "./check-audio.ts";
import type { StreamingSTTModel, TranscribeOptions } from "./stt-model.ts";
import { transcribeStream } from "./transcript-stream.ts";

/** Turns that may wait, of all sessions; past it `stt_overloaded`. About 5 s of work. */
export const MAX_QUEUED_TURNS = 32;
/** The longest audio takes a third of it on a core of its own. */
const TRANSCRIBE_TIMEOUT_MS = 30_000;

/** Of 27 and of 61 million parameters: base is more exact, and dearer. */
export type MoonshineSize = "tiny" | "base";

export interface MoonshineSttOptions {
  /** Default `tiny`. */
  readonly size?: MoonshineSize;
  readonly threads?: number | undefined;
  readonly clock?: Clock;
  /** Prepares the thread. Default: fetches Moonshine through the model store. For tests. */
  readonly load?: LoadProgram;
}

export class MoonshineStt {
  readonly model: StreamingSTTModel = {
    stt: (audio, options) => this.transcribe(audio, options),
    stream: (audio, { signal } = {}) =>
      transcribeStream(audio, (piece, spare, stop) => this.transcribe(piece, { signal: stop }, spare), signal),
  };
  readonly #jobs: JobPool<string>;

  constructor({ size = "tiny", load, ...options }: MoonshineSttOptions = {}) {
    this.#jobs = new JobPool<string>({
      name: "speech-to-text engine",
      maxQueued: MAX_QUEUED_TURNS,
      overloaded: "stt_overloaded",
      timeoutMs: TRANSCRIBE_TIMEOUT_MS,
      parseResult: (raw) => v.parse(v.string(), raw),
      ...options,
      load: load ?? ((signal) => loadMoonshine(size, signal)),
    });
  }

  get usage(): EngineUsage {
    return this.#jobs.usage;
  }

  /** Resolves when the engine is loaded and warm. @throws as the model store does. */
  ready(): Promise<void> {
    return this.#jobs.ready();
  }

  /**
   * The words in a piece of audio, of any rate and format; "" for silence, and for less than 0.1 s.
   * @param spare only while the engine has nothing else to do; else `stt_overloaded`.
   * @throws EdgeRtcError `stt_overloaded`, `invalid_audio`, `speech_timeout`, `speech_stopped`; the signal's reason.
   */
  async transcribe(audio: AudioInput, { signal }: TranscribeOptions = {}, spare = false): Promise<string> {
    checkAudio(audio);
    const { sampleRate, samples, channels = 1 } = audio;
    // A view of a larger buffer would take all of it along.
    return await this.#jobs.run({ sampleRate, samples: samples.slice(), channels }, { signal, spare });
  }

  /** Ends the thread; what waits fails. */
  close(): Promise<void> {
    return this.#jobs.close();
  }
}

async function loadMoonshine(size: MoonshineSize, signal: AbortSignal): Promise<ThreadProgram> {
  const paths = await loadModel(`moonshine-${size}-en`, signal);
  return {
    url: new URL("./worker.ts", import.meta.url),
    data: { encoder: paths["encoder.onnx"], decoder: paths["decoder.onnx"], tokenizer: paths["tokenizer.js"] },
  };
}
