/** Speech to text, as stream files see it. */
import type { AudioInput } from "../../audio/frame.ts";

export interface TranscribeOptions {
  /** Gives up, waiting or running. */
  readonly signal?: AbortSignal | undefined;
}

/** Words of audio that goes on. */
export interface Transcript {
  /** Everything since the last final one: each replaces the one before. */
  readonly text: string;
  /** It stays as it is: the next one begins anew. The last one always is. */
  readonly final: boolean;
}

/** Speech to text. Any object with the first method does. */
export interface STTModel {
  /**
   * The words in a piece of audio; "" where there are none.
   * @throws EdgeRtcError `stt_overloaded`, `invalid_audio`, `model_unavailable`, `speech_timeout`, `speech_stopped`, and for
   *   models of others `remote_model_…`; the signal's reason.
   */
  stt(audio: AudioInput, options?: TranscribeOptions): Promise<string>;
  /**
   * The words while they are being said; after the last audio the final ones. Words that are not final may still change.
   * @param audio frames of one sample rate.
   * @throws as `stt`, and what `audio` throws.
   */
  stream?(audio: AsyncIterable<AudioInput>, options?: TranscribeOptions): AsyncIterableIterator<Transcript>;
}

/** One that gives words while they are being said. */
export type StreamingSTTModel = STTModel & Required<Pick<STTModel, "stream">>;
