/**
 * Models of the Vercel AI SDK, any provider's, by their shape: it needs no package of theirs. Versions 2 to 4 of their
 * interfaces are the same in what is used here.
 */
import type { ChatMessage } from "../handlers/history.ts";
import type { STTModel } from "../speech/stt/stt-model.ts";
import { type TTSModel, ttsModel } from "../speech/tts/tts-model.ts";
import { spokenOf, wavOf } from "./audio-bytes.ts";
import type { LanguageModel } from "./language-model.ts";
import { RemoteCalls } from "./remote-calls.ts";

type ProviderOptions = Record<string, Record<string, JsonValue | undefined>>;
type JsonValue = null | string | number | boolean | JsonValue[] | { [key: string]: JsonValue | undefined };
type Headers = Record<string, string | undefined>;

interface AiSdkModel {
  /** `v2`, `v3` or `v4`. */
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
}

/** `openai.transcription("whisper-1")`, `deepgram.transcription("nova-3")`, ... */
export interface AiSdkTranscriptionModel extends AiSdkModel {
  doGenerate(options: {
    audio: Uint8Array | string;
    mediaType: string;
    abortSignal?: AbortSignal;
    providerOptions?: ProviderOptions;
    headers?: Headers;
  }): PromiseLike<{ readonly text: string }>;
}

/** `openai.speech("gpt-4o-mini-tts")`, `elevenlabs.speech("eleven_flash_v2_5")`, ... */
export interface AiSdkSpeechModel extends AiSdkModel {
  doGenerate(options: {
    text: string;
    voice?: string;
    outputFormat?: string;
    speed?: number;
    language?: string;
    instructions?: string;
    abortSignal?: AbortSignal;
    providerOptions?: ProviderOptions;
    headers?: Headers;
  }): PromiseLike<{ readonly audio: string | Uint8Array }>;
}

/** `openai("gpt-5-mini")`, `anthropic("claude-haiku-4-5")`, ... */
export interface AiSdkLanguageModel extends AiSdkModel {
  doStream(options: {
    prompt: AiSdkMessage[];
    abortSignal?: AbortSignal;
    providerOptions?: ProviderOptions;
    headers?: Headers;
  }): PromiseLike<{ readonly stream: ReadableStream<{ readonly type: string }> }>;
}

type AiSdkMessage =
  | { role: "system"; content: string }
  | { role: "user" | "assistant"; content: { type: "text"; text: string }[] };

export interface AiSdkOptions {
  /** Longest wait for a result, or for the next piece of one. Default 20,000. */
  readonly timeoutMs?: number | undefined;
  /** The provider's own, by its name. */
  readonly providerOptions?: ProviderOptions | undefined;
}

export interface AiSdkSpeechOptions extends AiSdkOptions {
  /** Asked for; `wav` is understood, and `pcm` (16-bit mono) where `sampleRate` is given. Default `wav`. */
  readonly outputFormat?: string | undefined;
  /** Of audio without a header. */
  readonly sampleRate?: number | undefined;
  /** How to speak, where the model takes that. */
  readonly instructions?: string | undefined;
}

export function isAiSdkModel(value: object): value is AiSdkModel {
  return (
    "specificationVersion" in value &&
    typeof value.specificationVersion === "string" &&
    "modelId" in value &&
    typeof value.modelId === "string"
  );
}

export function sttOfAiSdk(model: AiSdkTranscriptionModel, options: AiSdkOptions = {}): STTModel {
  const calls = new RemoteCalls({ name: nameOf(model), overloaded: "stt_overloaded", timeoutMs: options.timeoutMs });
  return {
    async stt(audio, { signal } = {}) {
      const wav = wavOf(audio);
      if (wav === undefined) return "";
      const { text } = await calls.run(signal, (abortSignal) =>
        model.doGenerate({ audio: wav, mediaType: "audio/wav", abortSignal, ...own(options) }),
      );
      return text.trim();
    },
  };
}

export function ttsOfAiSdk(model: AiSdkSpeechModel, options: AiSdkSpeechOptions = {}): TTSModel {
  const { outputFormat = "wav", sampleRate, instructions, timeoutMs } = options;
  const calls = new RemoteCalls({ name: nameOf(model), overloaded: "tts_overloaded", timeoutMs });
  return ttsModel({
    voice: ({ voice, speed, lang }) => ({
      ...(voice === undefined ? {} : { voice }),
      ...(speed === undefined ? {} : { speed }),
      ...(lang === undefined ? {} : { language: lang.split("-")[0] ?? lang }),
    }),
    say: (text, voice, signal) =>
      calls.run(signal, async (abortSignal) => {
        const how = instructions === undefined ? {} : { instructions };
        const { audio } = await model.doGenerate({
          text,
          outputFormat,
          abortSignal,
          ...voice,
          ...how,
          ...own(options),
        });
        return spokenOf(typeof audio === "string" ? Buffer.from(audio, "base64") : audio, sampleRate);
      }),
  });
}

export function languageModelOfAiSdk(model: AiSdkLanguageModel, options: AiSdkOptions = {}): LanguageModel {
  const { timeoutMs } = options;
  const calls = new RemoteCalls({ name: nameOf(model), overloaded: "remote_model_failed", timeoutMs });
  return {
    stream(messages, { instructions, signal } = {}) {
      const prompt = promptOf(messages, instructions);
      return calls.stream(signal, async (abortSignal) => {
        const { stream } = await model.doStream({ prompt, abortSignal, ...own(options) });
        return textOf(stream);
      });
    },
  };
}

async function* textOf(parts: ReadableStream<object>): AsyncGenerator<string, void, undefined> {
  for await (const part of parts) {
    const type = "type" in part ? part.type : undefined;
    if (type === "error") throw "error" in part ? part.error : new Error("The model's stream failed.");
    if (type === "text-delta" && "delta" in part && typeof part.delta === "string") yield part.delta;
  }
}

function promptOf(messages: readonly ChatMessage[], instructions: string | undefined): AiSdkMessage[] {
  const conversation = messages.map(
    ({ role, content }): AiSdkMessage => ({ role, content: [{ type: "text", text: content }] }),
  );
  return instructions === undefined ? conversation : [{ role: "system", content: instructions }, ...conversation];
}

function own({ providerOptions }: AiSdkOptions): { providerOptions?: ProviderOptions } {
  return providerOptions === undefined ? {} : { providerOptions };
}

function nameOf({ provider, modelId }: AiSdkModel): string {
  return `${provider} ${modelId}`;
}
