/** Language models, as far as a conversation by voice needs them: messages in, text out as it is written. */
import type { ChatMessage } from "../handlers/history.ts";

export interface ReplyOptions {
  /** How to answer, said once before the conversation. */
  readonly instructions?: string | undefined;
  /** Gives up: the provider is told to stop. */
  readonly signal?: AbortSignal | undefined;
}

export interface LanguageModel {
  /**
   * The answer, piece by piece: for `tts.stream`, which speaks its first sentence while the rest is being written.
   * @throws EdgeRtcError `remote_model_refused`, `remote_model_failed`, `remote_model_timeout`; the signal's reason.
   */
  stream(messages: readonly ChatMessage[], options?: ReplyOptions): AsyncIterableIterator<string>;
}
