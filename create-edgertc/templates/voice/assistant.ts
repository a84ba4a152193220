/** A voice assistant over models that are given to it, so that tests can give it others. */
import {
  type LanguageModel,
  ReplyOnPause,
  type STTModel,
  Stream,
  type StreamOptions,
  type TTSModel,
  type Turn,
} from "edgertc";

const INSTRUCTIONS = "You are on a phone call. Answer in one or two short spoken sentences, without lists or markup.";

const OPTIONS: StreamOptions = {
  modality: "audio",
  concurrencyLimit: 20,
  timeLimit: 600,
  ui: { title: "Assistant", subtitle: "Ask anything." },
};

export interface Models {
  readonly stt: Pick<STTModel, "stt">;
  /** Null: what was understood is repeated. */
  readonly llm: LanguageModel | null;
  readonly tts: Pick<TTSModel, "stream">;
}

export function assistant({ stt, llm, tts }: Models): Stream {
  async function* answer({ audio, history, signal }: Turn) {
    const text = await stt.stt(audio, { signal });
    if (text === "") return;
    history.user(text);
    const reply =
      llm === null ? `You said: ${text}` : llm.stream(history.messages, { instructions: INSTRUCTIONS, signal });
    yield* tts.stream(reply, { signal });
  }
  return new Stream(new ReplyOnPause(answer), OPTIONS);
}
