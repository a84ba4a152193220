/** Text to speech with CMU Flite, in a thread of its own: no GPU, no network, 16 kHz, a hundred times real time. */
import * as v from "valibot";
import { EdgeRtcError } from "../../../shared/errors.ts";
import type { Clock } from "../../time/clock.ts";
import type { LoadProgram, ThreadProgram } from "../engine-thread.ts";
import type { EngineUsage } from "../engine-usage.ts";
import { JobPool } from "../job-pool.ts";
import { loadModel } from "../load-model.ts";
import { checkedSpeed } from "./speed.ts";
import { type Spoken, type TTSModel, type TTSOptions, ttsModel } from "./tts-model.ts";

export const FLITE_VOICES = ["slt", "rms", "awb", "kal16"] as const;
export type FliteVoice = (typeof FLITE_VOICES)[number];

export const FLITE_SAMPLE_RATE = 16_000;

/** Between sentences, in place of the silence that each of them begins with by itself. */
const GAP_SECONDS = 0.16;
/** Sentences that may wait, of all sessions; past it `tts_overloaded`. About 10 s of work. */
export const MAX_QUEUED_SENTENCES = 128;

/** A hundred times what the longest sentence takes. */
const SYNTHESIZE_TIMEOUT_MS = 10_000;

export interface FliteTtsOptions {
  readonly clock?: Clock;
  readonly threads?: number | undefined;
  /** Prepares a thread. Default: fetches Flite through the model store. For tests. */
  readonly load?: LoadProgram;
}

const Result = v.object({ sampleRate: v.literal<number>(FLITE_SAMPLE_RATE), samples: v.instance(Int16Array) });

export class FliteTts {
  /** Voices {@link FLITE_VOICES}, default `slt`: female, the clearest. English only. */
  readonly model: TTSModel;
  readonly #jobs: JobPool<Spoken>;

  constructor(options: FliteTtsOptions = {}) {
    this.#jobs = new JobPool<Spoken>({
      name: "text-to-speech engine",
      maxQueued: MAX_QUEUED_SENTENCES,
      overloaded: "tts_overloaded",
      timeoutMs: SYNTHESIZE_TIMEOUT_MS,
      parseResult: (raw) => v.parse(Result, raw),
      ...options,
      load: options.load ?? loadFlite,
    });
    this.model = ttsModel({
      voice: voiceOf,
      gapSeconds: GAP_SECONDS,
      say: (text, voice, signal, slackMs) => this.#jobs.run({ text, ...voice }, { signal, slackMs }),
    });
  }

  get usage(): EngineUsage {
    return this.#jobs.usage;
  }

  /** Resolves when the engine is loaded and warm. @throws as the model store does. */
  ready(): Promise<void> {
    return this.#jobs.ready();
  }

  /** Ends the thread; what waits fails. */
  close(): Promise<void> {
    return this.#jobs.close();
  }
}

/** Flite takes any name, and speaks an unknown one with a voice of its choice. */
function voiceOf({ voice = "slt", lang, speed }: TTSOptions): { voice: FliteVoice; speed: number } {
  const known = FLITE_VOICES.find((name) => name === voice);
  if (known === undefined) {
    throw new EdgeRtcError("voice_unknown", `Flite has no voice "${voice}"; it has ${FLITE_VOICES.join(", ")}.`);
  }
  if (lang !== undefined && lang !== "en-us")
    throw new EdgeRtcError("language_unknown", `Flite speaks en-us, not ${lang}.`);
  return { voice: known, speed: checkedSpeed(speed) };
}

async function loadFlite(signal: AbortSignal): Promise<ThreadProgram> {
  const paths = await loadModel("flite", signal);
  return { url: new URL("./worker.ts", import.meta.url), data: { wasm: paths["flite.wasm"] } };
}
