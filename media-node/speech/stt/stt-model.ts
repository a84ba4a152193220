/** Speech to text, as stream files see it. */
import type { AudioInput } from "../../audio/frame.ts";

export interface TranscribeOptions {
  /** Gives up, waiting or running. */
  readonly signal?: AbortSignal | undefined;
}

/** Speech to text. Any object with this method does. */
export interface STTModel {
  /**
   * The words in a piece of audio; "" where there are none.
   * @throws EdgeRtcError `stt_overloaded`, `invalid_audio`, `model_unavailable`, `speech_timeout`, `speech_stopped`, and for
   *   models of others `remote_model_…`; the signal's reason.
   */
  stt(audio: AudioInput, options?: TranscribeOptions): Promise<string>;
}
