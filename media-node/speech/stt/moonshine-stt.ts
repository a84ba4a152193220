/** Speech to text with Moonshine, in a thread of its own: English, a whole turn at a time, forty times real time. */
import * as v from "valibot";
import { EdgeRtcError } from "../../../shared/errors.ts";
import { type AudioInput, frameDurationMs } from "../../audio/frame.ts";
import type { Clock } from "../../time/clock.ts";
import type { LoadProgram, ThreadProgram } from "../engine-thread.ts";
import { JobPool } from "../job-pool.ts";
import { loadModel } from "../load-model.ts";
import type { STTModel, TranscribeOptions } from "./stt-model.ts";

/** Turns that may wait, of all sessions; past it `stt_overloaded`. About 5 s of work. */
export const MAX_QUEUED_TURNS = 32;
/** Audio of one call; longer is `invalid_audio`. */
export const MAX_AUDIO_MS = 300_000;
const MAX_SAMPLE_RATE = 192_000;
/** The longest audio takes a third of it on a core of its own. */
const TRANSCRIBE_TIMEOUT_MS = 30_000;

/** Base makes a third fewer mistakes than tiny, for twice the CPU and memory. */
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
  readonly model: STTModel = { stt: (audio, options) => this.transcribe(audio, options) };
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

  /** Resolves when the engine is loaded and warm. @throws as the model store does. */
  ready(): Promise<void> {
    return this.#jobs.ready();
  }

  /**
   * The words in a piece of audio, of any rate and format; "" for silence, and for less than 0.1 s.
   * @throws EdgeRtcError `stt_overloaded`, `invalid_audio`, `speech_timeout`, `speech_stopped`; the signal's reason.
   */
  async transcribe(audio: AudioInput, options: TranscribeOptions = {}): Promise<string> {
    check(audio);
    const { sampleRate, samples, channels = 1 } = audio;
    // A view of a larger buffer would take all of it along.
    return await this.#jobs.run({ sampleRate, samples: samples.slice(), channels }, options);
  }

  /** Ends the thread; what waits fails. */
  close(): Promise<void> {
    return this.#jobs.close();
  }
}

function check(audio: AudioInput): void {
  const { sampleRate, samples, channels = 1 } = audio;
  if (!(samples instanceof Int16Array || samples instanceof Float32Array)) {
    throw new EdgeRtcError("invalid_audio", "The audio's samples are neither Int16Array nor Float32Array.");
  }
  if (!Number.isInteger(sampleRate) || sampleRate <= 0 || sampleRate > MAX_SAMPLE_RATE) {
    throw new EdgeRtcError("invalid_audio", `The audio's sample rate is ${sampleRate}.`);
  }
  if (channels !== 1 && channels !== 2) throw new EdgeRtcError("invalid_audio", `The audio has ${channels} channels.`);
  if (frameDurationMs(audio) > MAX_AUDIO_MS) {
    throw new EdgeRtcError("invalid_audio", `The audio is longer than ${MAX_AUDIO_MS / 1_000} s.`);
  }
}

async function loadMoonshine(size: MoonshineSize, signal: AbortSignal): Promise<ThreadProgram> {
  const paths = await loadModel(`moonshine-${size}-en`, signal);
  return {
    url: new URL("./worker.ts", import.meta.url),
    data: { encoder: paths["encoder.onnx"], decoder: paths["decoder.onnx"], tokenizer: paths["tokenizer.js"] },
  };
}
