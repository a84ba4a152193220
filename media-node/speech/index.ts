/** The speech engines of this process. `getSTTModel()`, `getTTSModel()` and `getLanguageModel()` are for stream files, the rest for the node. */

import type { LanguageModel } from "../remote/language-model.ts";
import {
  type LanguageModelSource,
  type LocalSTT,
  languageModelOf,
  type STTSource,
  sttOf,
  type TTSSource,
  ttsOf,
} from "../remote/sources.ts";
import type { EndOfTurnModel } from "../turn/end-of-turn-model.ts";
import type { PauseDetectionModel } from "../turn/grid/pause-detection-model.ts";
import { threadsOf } from "./engine-threads.ts";
import type { EngineUsages } from "./engine-usage.ts";
import { Speech } from "./speech.ts";
import type { STTModel, StreamingSTTModel } from "./stt/stt-model.ts";
import type { TTSModel } from "./tts/tts-model.ts";
import type { OnProbability, VadStream } from "./vad/session-windows.ts";

export type { AudioFrame, AudioInput } from "../audio/frame.ts";
export type { LanguageModel, ReplyOptions } from "../remote/language-model.ts";
export type { LanguageModelSource, STTSource, TTSSource } from "../remote/sources.ts";
export { Speech, type SpeechOptions, type STTModelName, type TTSModelName } from "./speech.ts";
export type { STTModel, StreamingSTTModel, TranscribeOptions, Transcript } from "./stt/stt-model.ts";
export { SentenceSplitter, splitSentences } from "./tts/sentences.ts";
export type { SpeechText, SpokenFrame } from "./tts/speak-stream.ts";
export type { TTSModel, TTSOptions } from "./tts/tts-model.ts";
export type { OnProbability, VadStream } from "./vad/session-windows.ts";

/** One per process: its threads are a resource of the process, like its cores. */
const speech = new Speech({
  sttThreads: threadsOf("EDGERTC_STT_THREADS"),
  ttsThreads: threadsOf("EDGERTC_TTS_THREADS"),
});

/**
 * Speech to text. EdgeRTC's own models are the same object at every call, and load in the background.
 * @param source a name: default `moonshine/tiny`; `moonshine/base` is more exact and dearer; both English. Or a
 *   transcription model of the AI SDK, an OpenAI-compatible endpoint, Workers AI.
 * @throws EdgeRtcError `model_unknown`.
 * @example
 * const words = await getSTTModel().stt({ sampleRate: 16_000, samples });
 * const whisper = getSTTModel(openai.transcription("whisper-1"));
 * const own = getSTTModel({ baseURL: "http://127.0.0.1:8000/v1", model: "large-v3" });
 */
export function getSTTModel(source?: string | LocalSTT): StreamingSTTModel;
export function getSTTModel(source: STTSource | undefined): STTModel;
export function getSTTModel(source?: STTSource): STTModel {
  return sttOf(source, (name) => speech.getSTTModel(name));
}

/**
 * Text to speech. EdgeRTC's own models are the same engine at every call, and load in the background.
 * @param source a name: default `flite`, which takes next to no time; `kokoro` sounds natural, and takes a core nearly to itself;
 *   both English. Or a speech model of the AI SDK, an OpenAI-compatible endpoint, Workers AI.
 * @throws EdgeRtcError `model_unknown`.
 * @example
 * for await (const { samples, text } of getTTSModel().stream("Hello. How are you?")) play(samples, text);
 * const bella = getTTSModel({ model: "kokoro", voice: "af_bella", speed: 1.1 });
 */
export const getTTSModel = (source?: TTSSource): TTSModel =>
  ttsOf(source, (name, phonemize) => speech.getTTSModel(name, phonemize));

/**
 * A language model, whose answer goes straight into `tts.stream`. Whoever uses the AI SDK anyway can do without: its `textStream`
 * goes there, too.
 * @param source a language model of the AI SDK, an OpenAI-compatible endpoint, Workers AI.
 * @example
 * const llm = getLanguageModel({ baseURL: "http://127.0.0.1:11434/v1", model: "llama3.2" });
 * yield* tts.stream(llm.stream(history.messages, { signal }));
 */
export const getLanguageModel = (source: LanguageModelSource): LanguageModel => languageModelOf(source);

/**
 * FastRTC's voice activity detection, Silero 4 over whole chunks; the same object at every call. It loads in the background.
 * @example
 * const [seconds] = await getSileroModel().vad({ sampleRate: 16_000, samples }, { threshold: 0.7 });
 */
export const getSileroModel = (): PauseDetectionModel => speech.getSileroModel();

/** Hears whether a speaker is done, or only pauses: Smart Turn 3; the same object at every call. It loads in the background. */
export const getEndOfTurnModel = (): EndOfTurnModel => speech.getEndOfTurnModel();

/** Voice activity of one session: 16 kHz samples in, a probability of speech per 32 ms window out, in order. */
export const openVad = (onProbability: OnProbability): VadStream => speech.openVad(onProbability);

/** Resolves when voice activity detection, and every model asked for so far, is loaded and warm. */
export const speechReady = (): Promise<void> => speech.ready();

/** What the engines of this process have done. */
export const speechUsage = (): EngineUsages => speech.usage;

/** Ends every thread of the speech engines. */
export const closeSpeech = (): Promise<void> => speech.close();
