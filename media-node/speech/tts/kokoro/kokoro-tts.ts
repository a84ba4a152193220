/** Text to speech with Kokoro-82M, in a thread of its own: English, 24 kHz, natural, and a core nearly to itself while it speaks. */
import * as v from "valibot";
import { EdgeRtcError } from "../../../../shared/errors.ts";
import { KOKORO_VOICES, type KokoroVoice } from "../../../models/kokoro.ts";
import type { Clock } from "../../../time/clock.ts";
import type { LoadProgram, ThreadProgram } from "../../engine-thread.ts";
import type { EngineUsage } from "../../engine-usage.ts";
import { JobPool } from "../../job-pool.ts";
import { loadModel } from "../../load-model.ts";
import type { Accent } from "../phonemes/accent.ts";
import { checkedSpeed } from "../speed.ts";
import { type Spoken, type TTSModel, type TTSOptions, ttsModel } from "../tts-model.ts";

/** FastRTC's. */
const DEFAULT_VOICE: KokoroVoice = "af_heart";
/** Before every sentence but the first, as in FastRTC. */
const GAP_SECONDS = 1 / 7;

/** Sentences that may wait, of all sessions; past it `tts_overloaded`. About half a minute of work. */
const MAX_QUEUED_SENTENCES = 16;
/** The longest sentence takes a quarter of it on a core of its own. */
const SYNTHESIZE_TIMEOUT_MS = 60_000;

/** Languages, and the accents they are. */
const ACCENTS: Readonly<Record<string, Accent>> = { "en-us": "us", "en-gb": "gb" };

/** How a text is pronounced, in Kokoro's phonemes. */
export type Phonemize = (text: string, lang: string) => string | Promise<string>;

export interface KokoroTtsOptions {
  readonly clock?: Clock;
  readonly threads?: number | undefined;
  /** Prepares a thread. Default: fetches Kokoro and Flite through the model store. For tests. */
  readonly load?: LoadProgram;
}

interface Voice {
  readonly name: KokoroVoice;
  readonly speed: number;
  readonly lang: string;
}

const Result = v.object({ sampleRate: v.number(), samples: v.instance(Int16Array) });

export class KokoroTts {
  /** Voices of {@link KOKORO_VOICES}, default `af_heart`; `lang` is `en-us` or `en-gb`, default the voice's own accent. */
  readonly model: TTSModel = this.#model();
  readonly #jobs: JobPool<Spoken>;

  constructor({ load, ...options }: KokoroTtsOptions = {}) {
    this.#jobs = new JobPool<Spoken>({
      name: "Kokoro text-to-speech engine",
      maxQueued: MAX_QUEUED_SENTENCES,
      overloaded: "tts_overloaded",
      timeoutMs: SYNTHESIZE_TIMEOUT_MS,
      parseResult: (raw) => v.parse(Result, raw),
      ...options,
      load: load ?? loadKokoro,
    });
  }

  /** Any language, pronounced as `phonemize` says. */
  modelWith(phonemize: Phonemize): TTSModel {
    return this.#model(phonemize);
  }

  #model(phonemize?: Phonemize): TTSModel {
    return ttsModel({
      voice: (options) => checked(options, phonemize !== undefined),
      say: async (sentence, { name, speed, lang }, signal, slackMs) => {
        const text = phonemize === undefined ? { written: sentence } : { phonemes: await phonemize(sentence, lang) };
        const job = { text, accent: ACCENTS[lang] ?? "us", voice: name, speed };
        return await this.#jobs.run(job, { signal, slackMs });
      },
      gapSeconds: GAP_SECONDS,
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

function checked({ voice = DEFAULT_VOICE, speed, lang }: TTSOptions, anyLanguage: boolean): Voice {
  if (!isVoice(voice)) throw new EdgeRtcError("voice_unknown", `Kokoro has no voice "${voice}" here.`);
  const spoken = lang ?? (voice.startsWith("b") ? "en-gb" : "en-us");
  if (!anyLanguage && ACCENTS[spoken] === undefined) {
    const known = Object.keys(ACCENTS).join(" and ");
    throw new EdgeRtcError("language_unknown", `Kokoro speaks ${known} here, not ${spoken}.`);
  }
  return { name: voice, speed: checkedSpeed(speed), lang: spoken };
}

function isVoice(name: string): name is KokoroVoice {
  return Object.hasOwn(KOKORO_VOICES, name);
}

async function loadKokoro(signal: AbortSignal): Promise<ThreadProgram> {
  const paths = await loadModel("kokoro-82m", signal);
  const flite = await loadModel("flite", signal);
  const files: Readonly<Record<string, string>> = paths;
  const voices = Object.keys(KOKORO_VOICES).map((voice) => [voice, files[`${voice}.bin`]]);
  return {
    url: new URL("./worker.ts", import.meta.url),
    data: {
      weights: [paths["weights-1.bin"], paths["weights-2.bin"], paths["weights-3.bin"], paths["weights-4.bin"]],
      dictionaries: {
        us: [paths["us_gold.json"], paths["us_silver.json"]],
        gb: [paths["gb_gold.json"], paths["gb_silver.json"]],
      },
      wasm: flite["flite.wasm"],
      voices: Object.fromEntries(voices),
    },
  };
}
