/**
 * The streams that `script/server` serves. Each export is one: its name is its path, the default export is the root.
 */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import {
  AdditionalOutputs,
  AsyncQueue,
  type AudioFrame,
  getSTTModel,
  getTTSModel,
  ReplyOnPause,
  Stream,
  StreamHandler,
  type Turn,
} from "edgertc";

const stt = getSTTModel();
const tts = getTTSModel();

/** An OpenAI-compatible endpoint, if there is one: Ollama, llama.cpp, vLLM, a cloud. */
const baseURL = process.env["OPENAI_BASE_URL"];
const apiKey = process.env["OPENAI_API_KEY"];
const llm =
  baseURL === undefined
    ? undefined
    : createOpenAICompatible({ name: "llm", baseURL, ...(apiKey === undefined ? {} : { apiKey }) })(
        process.env["OPENAI_MODEL"] ?? "gpt-4o-mini",
      );

/** Speech → text → an answer, spoken sentence by sentence. Without a language model it repeats what it understood. */
async function* talk({ audio, history, signal }: Turn) {
  const text = await stt.stt(audio, { signal });
  if (text === "") return;
  history.user(text);
  if (llm === undefined) {
    yield* tts.stream(`You said: ${text}`, { signal });
    return;
  }
  const { textStream } = streamText({
    model: llm,
    instructions: "You are on a phone call. Answer in one or two short spoken sentences, without lists or markup.",
    messages: history.messages,
    abortSignal: signal,
  });
  yield* tts.stream(textStream, { signal });
}

export default new Stream(new ReplyOnPause(talk), {
  modality: "audio",
  concurrencyLimit: 20,
  timeLimit: 600,
  ui: {
    title: "Talk",
    subtitle: llm === undefined ? "Say something: it is understood and spoken back." : "Ask anything.",
  },
});

/** Says back what it heard, in your own voice. */
export const echo = new Stream(
  new ReplyOnPause(async function* ({ audio }) {
    yield audio;
  }),
  {
    modality: "audio",
    concurrencyLimit: 100,
    ui: { title: "Echo", subtitle: "Speak and pause: you hear yourself." },
  },
);

/** Sends back every frame as it comes: decoded, handed to the handler, encoded again. */
class Loopback extends StreamHandler {
  readonly #frames = new AsyncQueue<AudioFrame>();

  receive(frame: AudioFrame): void {
    this.#frames.push(frame);
  }

  emit(): AudioFrame | Promise<AudioFrame | undefined> | undefined {
    return this.#frames.next();
  }

  copy(): Loopback {
    return new Loopback();
  }

  override shutdown(): void {
    this.#frames.close();
  }
}

export const loopback = new Stream(new Loopback(), {
  modality: "audio",
  concurrencyLimit: 200,
  ui: { title: "Loopback", subtitle: "Your microphone comes straight back. Use headphones." },
});

/** Writes down what you say while you say it, and says nothing. */
export const captions = new Stream(
  new ReplyOnPause(
    async function* ({ audio, history, signal }) {
      const text = await stt.stt(audio, { signal });
      history.user(text);
      yield new AdditionalOutputs(text);
    },
    { liveTranscript: stt },
  ),
  {
    modality: "audio",
    mode: "send",
    concurrencyLimit: 20,
    ui: { title: "Captions", subtitle: "What you say, written down while you say it." },
  },
);
