/** Text to speech with CMU Flite, in a thread of its own: no GPU, no network, 16 kHz, a hundred times real time. */
import * as v from "valibot";
import { EdgeRtcError } from "../../../shared/errors.ts";
import type { Clock } from "../../time/clock.ts";
import type { LoadProgram, ThreadProgram } from "../engine-thread.ts";
import { JobPool } from "../job-pool.ts";
import { loadModel } from "../load-model.ts";
import { splitSentences } from "./sentences.ts";
import { type SpeechText, type SpokenFrame, speakStream } from "./speak-stream.ts";

export const FLITE_VOICES = ["slt", "rms", "awb", "kal16"] as const;
export type FliteVoice = (typeof FLITE_VOICES)[number];

export const FLITE_SAMPLE_RATE = 16_000;
/** Sentences that may wait, of all sessions; past it `tts_overloaded`. About 10 s of work. */
export const MAX_QUEUED_SENTENCES = 128;

/** A hundred times what the longest sentence takes. */
const SYNTHESIZE_TIMEOUT_MS = 10_000;

/** Audio of Flite: always mono Int16 at 16 kHz. */
export interface FliteFrame {
  readonly sampleRate: number;
  readonly samples: Int16Array;
}

export interface SynthesizeOptions {
  /** Gives up, waiting or running. */
  readonly signal?: AbortSignal | undefined;
  /** One of {@link FLITE_VOICES}. Default `slt`, female, the clearest. */
  readonly voice?: string | undefined;
}

export interface FliteTtsOptions {
  readonly clock?: Clock;
  /** Prepares the thread. Default: fetches Flite through the model store. For tests. */
  readonly load?: LoadProgram;
}

const Result = v.object({ sampleRate: v.literal<number>(FLITE_SAMPLE_RATE), samples: v.instance(Int16Array) });

export class FliteTts {
  readonly #jobs: JobPool<FliteFrame>;

  constructor(options: FliteTtsOptions = {}) {
    this.#jobs = new JobPool<FliteFrame>({
      name: "text-to-speech engine",
      maxQueued: MAX_QUEUED_SENTENCES,
      overloaded: "tts_overloaded",
      timeoutMs: SYNTHESIZE_TIMEOUT_MS,
      parseResult: (raw) => v.parse(Result, raw),
      ...options,
      load: options.load ?? loadFlite,
    });
  }

  /** Resolves when the engine is loaded and warm. @throws as the model store does. */
  ready(): Promise<void> {
    return this.#jobs.ready();
  }

  /**
   * The whole text as one piece of audio. Text without a letter or digit is silence of no length.
   * @throws EdgeRtcError `tts_overloaded`, `voice_unknown`, `speech_timeout`, `speech_stopped`; the signal's reason.
   */
  async synthesize(text: string, options: SynthesizeOptions = {}): Promise<FliteFrame> {
    const voice = knownVoice(options.voice);
    const parts: Int16Array[] = [];
    for (const sentence of splitSentences(text)) {
      if (!/[\p{L}\p{N}]/u.test(sentence)) continue;
      parts.push((await this.#jobs.run({ text: sentence, voice }, options)).samples);
    }
    const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      samples.set(part, at);
      at += part.length;
    }
    return { sampleRate: FLITE_SAMPLE_RATE, samples };
  }

  /** Speaks text while it arrives, a sentence at a time: see {@link speakStream}. @throws as {@link synthesize}. */
  stream(text: SpeechText, options: SynthesizeOptions = {}): AsyncGenerator<SpokenFrame, void, undefined> {
    const voice = knownVoice(options.voice);
    return speakStream(
      text,
      (sentence, signal, slackMs) => this.#jobs.run({ text: sentence, voice }, { signal, slackMs }),
      options.signal,
    );
  }

  /** Ends the thread; what waits fails. */
  close(): Promise<void> {
    return this.#jobs.close();
  }
}

/** Flite takes any name, and speaks an unknown one with a voice of its choice. */
function knownVoice(voice: string = "slt"): FliteVoice {
  const known = FLITE_VOICES.find((name) => name === voice);
  if (known === undefined) throw new EdgeRtcError("voice_unknown", `Flite has no voice "${voice}".`);
  return known;
}

async function loadFlite(signal: AbortSignal): Promise<ThreadProgram> {
  const paths = await loadModel("flite", signal);
  return { url: new URL("./worker.ts", import.meta.url), data: { wasm: paths["flite.wasm"] } };
}
