/** The speech engines of this process. `getSTTModel()` and `getTTSModel()` are for stream files, the rest for the node. */
import type { EndOfTurnModel } from "../turn/end-of-turn-model.ts";
import type { PauseDetectionModel } from "../turn/grid/pause-detection-model.ts";
import { Speech } from "./speech.ts";
import type { STTModel } from "./stt/stt-model.ts";
import type { TTSModel } from "./tts/tts-model.ts";
import type { OnProbability, VadStream } from "./vad/silero-vad.ts";

export type { AudioFrame, AudioInput } from "../audio/frame.ts";
export { Speech, type SpeechOptions, type STTModelName, type TTSModelName } from "./speech.ts";
export type { STTModel, TranscribeOptions } from "./stt/stt-model.ts";
export { SentenceSplitter, splitSentences } from "./tts/sentences.ts";
export type { SpeechText, SpokenFrame } from "./tts/speak-stream.ts";
export type { TTSModel, TTSOptions } from "./tts/tts-model.ts";
export type { OnProbability, VadStream } from "./vad/silero-vad.ts";

/** One per process: its threads are a resource of the process, like its cores. */
const speech = new Speech();

/**
 * Speech to text, by FastRTC's name of the model; the same object at every call. It loads in the background.
 * @param name default `moonshine/tiny`; or `moonshine/base`, more exact and twice as dear. Both English.
 * @example
 * const words = await getSTTModel().stt({ sampleRate: 16_000, samples });
 */
export const getSTTModel = (name?: string): STTModel => speech.getSTTModel(name);

/**
 * Text to speech; the same object at every call. It loads in the background.
 * @param name default `flite`, which takes next to no time; or `kokoro`, natural, and a core nearly to itself. Both English.
 * @example
 * for await (const { samples, text } of getTTSModel().stream("Hello. How are you?")) play(samples, text);
 */
export const getTTSModel = (name?: string): TTSModel => speech.getTTSModel(name);

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

/** Ends every thread of the speech engines. */
export const closeSpeech = (): Promise<void> => speech.close();
