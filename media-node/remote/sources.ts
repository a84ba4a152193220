/** What a model can be given as, and the model that comes of it: by name, of the AI SDK, at an endpoint, or one's own object. */
import { EdgeRtcError } from "../../shared/errors.ts";
import type { STTModel } from "../speech/stt/stt-model.ts";
import type { Phonemize } from "../speech/tts/kokoro/kokoro-tts.ts";
import type { TTSModel, TTSOptions } from "../speech/tts/tts-model.ts";
import {
  type AiSdkLanguageModel,
  type AiSdkOptions,
  type AiSdkSpeechModel,
  type AiSdkSpeechOptions,
  type AiSdkTranscriptionModel,
  isAiSdkModel,
  languageModelOfAiSdk,
  sttOfAiSdk,
  ttsOfAiSdk,
} from "./ai-sdk.ts";
import type { LanguageModel } from "./language-model.ts";
import {
  languageModelOfOpenAI,
  type OpenAIEndpoint,
  type OpenAISpeechEndpoint,
  sttOfOpenAI,
  ttsOfOpenAI,
} from "./openai.ts";
import { languageModelOfWorkersAI, sttOfWorkersAI, ttsOfWorkersAI, type WorkersAI } from "./workers-ai.ts";

/** Defaults for what each call may say otherwise. */
export type VoiceDefaults = Pick<TTSOptions, "voice" | "speed" | "lang">;

/** A model of EdgeRTC's own. */
export interface LocalSTT {
  readonly model: string;
}
export interface LocalTTS extends VoiceDefaults {
  readonly model: string;
  /** Kokoro's: how text is pronounced. Default: dictionaries and rules, English only. */
  readonly phonemize?: Phonemize | undefined;
}

export type STTSource =
  | string
  | STTModel
  | AiSdkTranscriptionModel
  | (AiSdkOptions & { readonly model: AiSdkTranscriptionModel })
  | OpenAIEndpoint
  | WorkersAI
  | LocalSTT;

export type TTSSource =
  | string
  | TTSModel
  | AiSdkSpeechModel
  | (AiSdkSpeechOptions & VoiceDefaults & { readonly model: AiSdkSpeechModel })
  | (OpenAISpeechEndpoint & VoiceDefaults)
  | (WorkersAI & VoiceDefaults)
  | LocalTTS;

export type LanguageModelSource =
  | LanguageModel
  | AiSdkLanguageModel
  | (AiSdkOptions & { readonly model: AiSdkLanguageModel })
  | OpenAIEndpoint
  | WorkersAI;

/** @param local EdgeRTC's own, by name. @throws EdgeRtcError `model_unknown`. */
export function sttOf(source: STTSource | undefined, local: (name?: string) => STTModel): STTModel {
  if (source === undefined || typeof source === "string") return local(source);
  if ("stt" in source) return source;
  if (isAiSdkModel(source)) return sttOfAiSdk(source);
  if (holdsAiSdkModel(source)) return sttOfAiSdk(source.model, source);
  if ("accountId" in source) return sttOfWorkersAI(source);
  if ("baseURL" in source) return sttOfOpenAI(source);
  return local(nameIn(source));
}

/** @param local EdgeRTC's own, by name. @throws EdgeRtcError `model_unknown`. */
export function ttsOf(
  source: TTSSource | undefined,
  local: (name?: string, phonemize?: Phonemize) => TTSModel,
): TTSModel {
  if (source === undefined || typeof source === "string") return local(source);
  if ("tts" in source) return source;
  if (isAiSdkModel(source)) return ttsOfAiSdk(source);
  if (holdsAiSdkModel(source)) return withDefaults(ttsOfAiSdk(source.model, source), source);
  if ("accountId" in source) return withDefaults(ttsOfWorkersAI(source), source);
  if ("baseURL" in source) return withDefaults(ttsOfOpenAI(source), source);
  return withDefaults(local(nameIn(source), "phonemize" in source ? source.phonemize : undefined), source);
}

/** @throws EdgeRtcError `model_unknown` for a name: there is no language model of our own. */
export function languageModelOf(source: LanguageModelSource): LanguageModel {
  if (typeof source === "string") {
    throw new EdgeRtcError(
      "model_unknown",
      `There is no language model "${source}" here: give an endpoint or a model.`,
    );
  }
  if ("stream" in source) return source;
  if (isAiSdkModel(source)) return languageModelOfAiSdk(source);
  if (holdsAiSdkModel(source)) return languageModelOfAiSdk(source.model, source);
  if ("accountId" in source) return languageModelOfWorkersAI(source);
  return languageModelOfOpenAI(source);
}

/** Stream files may be JavaScript: what is no model must not become the default one. */
function nameIn(source: { readonly model: string }): string {
  if (typeof source.model === "string") return source.model;
  throw new EdgeRtcError("model_unknown", "This is neither a model, nor an endpoint, nor a name of one.");
}

function holdsAiSdkModel<S extends { readonly model: unknown }>(
  source: S,
): source is Extract<S, { readonly model: { readonly specificationVersion: string } }> {
  return typeof source.model === "object" && source.model !== null;
}

function withDefaults(model: TTSModel, { voice, speed, lang }: VoiceDefaults): TTSModel {
  if (voice === undefined && speed === undefined && lang === undefined) return model;
  const complete = (options: TTSOptions = {}): TTSOptions => ({
    signal: options.signal,
    voice: options.voice ?? voice,
    speed: options.speed ?? speed,
    lang: options.lang ?? lang,
  });
  return {
    tts: (text, options) => model.tts(text, complete(options)),
    stream: (text, options) => model.stream(text, complete(options)),
  };
}
