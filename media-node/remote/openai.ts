/** Endpoints that speak OpenAI's HTTP API: OpenAI itself, Groq, vLLM, Ollama, llama.cpp, LocalAI, Speaches, ... */
import * as v from "valibot";
import type { STTModel } from "../speech/stt/stt-model.ts";
import { type TTSModel, ttsModel } from "../speech/tts/tts-model.ts";
import { spokenOf, wavOf } from "./audio-bytes.ts";
import { encodeForm, eventData, post, readAudio, readJson } from "./http.ts";
import type { LanguageModel } from "./language-model.ts";
import { RemoteCalls } from "./remote-calls.ts";

/** Of OpenAI's `pcm`, and of those who do as it does. */
const PCM_RATE = 24_000;
const DEFAULT_VOICE = "alloy";

export interface OpenAIEndpoint {
  /** With the version: `https://api.openai.com/v1`, `http://127.0.0.1:11434/v1`. */
  readonly baseURL: string;
  /** Sent as a bearer token; none where the endpoint wants none. */
  readonly apiKey?: string | undefined;
  readonly model: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Longest wait for a result, or for the next piece of one. Default 20,000. */
  readonly timeoutMs?: number | undefined;
  /** Fields of the request's body beside ours: `temperature`, `prompt`, ... */
  readonly body?: Readonly<Record<string, string | number | boolean>> | undefined;
}

export interface OpenAISpeechEndpoint extends OpenAIEndpoint {
  /** `wav`, or `pcm` where an endpoint has no other: 16-bit mono. Default `wav`. */
  readonly outputFormat?: "wav" | "pcm" | undefined;
  /** Of `pcm`. Default 24,000. */
  readonly sampleRate?: number | undefined;
}

const Transcription = v.object({ text: v.string() });
/** What is sent beside it, such as usage, has no choices. */
const Chunk = v.object({
  choices: v.optional(v.array(v.object({ delta: v.optional(v.object({ content: v.nullish(v.string()) })) })), []),
  error: v.optional(v.unknown()),
});

/** `POST audio/transcriptions`. */
export function sttOfOpenAI(endpoint: OpenAIEndpoint): STTModel {
  const calls = new RemoteCalls({
    name: nameOf(endpoint),
    overloaded: "stt_overloaded",
    timeoutMs: endpoint.timeoutMs,
  });
  return {
    async stt(audio, { signal } = {}) {
      const wav = wavOf(audio);
      if (wav === undefined) return "";
      const form = new FormData();
      form.set("file", new Blob([wav], { type: "audio/wav" }), "turn.wav");
      form.set("model", endpoint.model);
      form.set("response_format", "json");
      for (const [name, value] of Object.entries(endpoint.body ?? {})) form.set(name, String(value));
      return await calls.run(signal, async (stop) => {
        const { body, contentType } = await encodeForm(form);
        const headers = { ...headersOf(endpoint), "content-type": contentType };
        const response = await post(addressOf(endpoint, "audio/transcriptions"), { headers, body, signal: stop });
        return v.parse(Transcription, await readJson(response)).text.trim();
      });
    },
  };
}

/** `POST audio/speech`. */
export function ttsOfOpenAI(endpoint: OpenAISpeechEndpoint): TTSModel {
  const { outputFormat = "wav", sampleRate = PCM_RATE } = endpoint;
  const calls = new RemoteCalls({
    name: nameOf(endpoint),
    overloaded: "tts_overloaded",
    timeoutMs: endpoint.timeoutMs,
  });
  return ttsModel({
    // The language is the text's own here.
    voice: ({ voice = DEFAULT_VOICE, speed }) => ({ voice, ...(speed === undefined ? {} : { speed }) }),
    say: (input, voice, signal) =>
      calls.run(signal, async (stop) => {
        const body = { ...endpoint.body, model: endpoint.model, input, response_format: outputFormat, ...voice };
        const response = await post(addressOf(endpoint, "audio/speech"), json(endpoint, body, stop));
        return spokenOf(await readAudio(response), outputFormat === "pcm" ? sampleRate : undefined);
      }),
  });
}

/** `POST chat/completions`, streamed. */
export function languageModelOfOpenAI(endpoint: OpenAIEndpoint): LanguageModel {
  const { timeoutMs } = endpoint;
  const calls = new RemoteCalls({ name: nameOf(endpoint), overloaded: "remote_model_failed", timeoutMs });
  return {
    stream(messages, { instructions, signal } = {}) {
      const conversation =
        instructions === undefined ? messages : [{ role: "system", content: instructions }, ...messages];
      const body = { ...endpoint.body, model: endpoint.model, messages: conversation, stream: true };
      return calls.stream(signal, async (stop) =>
        textOf(await post(addressOf(endpoint, "chat/completions"), json(endpoint, body, stop))),
      );
    },
  };
}

async function* textOf(response: Response): AsyncGenerator<string, void, undefined> {
  for await (const data of eventData(response)) {
    // What comes after it is only the end of the answer.
    if (data === "[DONE]") continue;
    const { choices, error } = v.parse(Chunk, JSON.parse(data));
    if (error !== undefined) throw new Error(`The endpoint failed while it answered: ${JSON.stringify(error)}`);
    const text = choices[0]?.delta?.content ?? "";
    if (text !== "") yield text;
  }
}

function json(endpoint: OpenAIEndpoint, body: object, signal: AbortSignal) {
  const headers = { ...headersOf(endpoint), "content-type": "application/json" };
  return { headers, body: JSON.stringify(body), signal };
}

function headersOf({ apiKey, headers }: OpenAIEndpoint): Record<string, string> {
  return { ...headers, ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) };
}

function addressOf({ baseURL }: OpenAIEndpoint, path: string): string {
  return `${baseURL.replace(/\/+$/, "")}/${path}`;
}

function nameOf({ baseURL, model }: OpenAIEndpoint): string {
  return `${model} at ${URL.parse(baseURL)?.host ?? baseURL}`;
}
