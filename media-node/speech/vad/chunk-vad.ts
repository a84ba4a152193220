/**
 * FastRTC's voice activity detection: Silero 4 over whole chunks of audio, in a thread of its own. For new work there is
 * {@link SileroVad}, which hears speech as it begins and costs less.
 */
import * as v from "valibot";
import { type AudioFrame, isDigitalSilence, toInt16, toMono } from "../../audio/frame.ts";
import type { Clock } from "../../time/clock.ts";
import { completeSileroOptions, type SileroVadOptions } from "../../turn/grid/options.ts";
import type { PauseDetection, PauseDetectionModel } from "../../turn/grid/pause-detection-model.ts";
import { speechTimestamps } from "../../turn/grid/speech-timestamps.ts";
import type { LoadProgram, ThreadProgram } from "../engine-thread.ts";
import type { EngineUsage } from "../engine-usage.ts";
import { JobPool } from "../job-pool.ts";
import { loadModel } from "../load-model.ts";
import { VAD_SAMPLE_RATE } from "./packet.ts";

/** Chunks that may wait, of all sessions: 0.3 s of work. Past it `vad_overloaded`. */
const MAX_QUEUED_CHUNKS = 256;

/** The model gives no window of silence more than 0.06: what most chunks of most sessions are need not be asked for. */
const SILENCE_PROBABILITY = 0.1;

const Result = v.object({ length: v.number(), probabilities: v.instance(Float32Array) });

export interface ChunkVadOptions {
  readonly clock?: Clock;
  /** Prepares the thread. Default: fetches Silero through the model store. For tests. */
  readonly load?: LoadProgram;
}

export class ChunkVad implements PauseDetectionModel {
  readonly #jobs: JobPool<v.InferOutput<typeof Result>>;

  constructor(options: ChunkVadOptions = {}) {
    this.#jobs = new JobPool({
      name: "voice activity detection in chunks",
      maxQueued: MAX_QUEUED_CHUNKS,
      overloaded: "vad_overloaded",
      parseResult: (raw) => v.parse(Result, raw),
      ...options,
      load: options.load ?? loadSilero,
    });
  }

  get usage(): EngineUsage {
    return this.#jobs.usage;
  }

  /** Resolves when the model is loaded and warm. @throws as the model store does. */
  ready(): Promise<void> {
    return this.#jobs.ready();
  }

  warmup(): Promise<void> {
    return this.ready();
  }

  /**
   * Seconds of speech in a piece of audio of any rate and format, and where it is.
   * @throws EdgeRtcError `vad_overloaded`, `speech_stopped`; as the model store does.
   */
  async vad(audio: AudioFrame, options: Partial<SileroVadOptions> = {}): Promise<PauseDetection> {
    const complete = completeSileroOptions(options);
    const samples = toInt16(toMono(audio)).slice();
    if (complete.threshold > SILENCE_PROBABILITY && isDigitalSilence(samples)) return [0, []];
    const { sampleRate } = audio;
    const job = { sampleRate, samples, windowSize: complete.windowSizeSamples };
    const { probabilities, length } = await this.#jobs.run(job, {}, [samples.buffer]);
    const chunks = speechTimestamps(probabilities, length, complete);
    return [chunks.reduce((sum, { start, end }) => sum + end - start, 0) / VAD_SAMPLE_RATE, chunks];
  }

  /** Ends the thread; what waits fails. */
  close(): Promise<void> {
    return this.#jobs.close();
  }
}

async function loadSilero(signal: AbortSignal): Promise<ThreadProgram> {
  const paths = await loadModel("silero-vad-v4", signal);
  return { url: new URL("./chunk-worker.ts", import.meta.url), data: { model: paths["silero_vad.onnx"] } };
}
