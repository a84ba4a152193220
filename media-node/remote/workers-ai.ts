/** Models of Cloudflare Workers AI over its HTTP API: Whisper and Nova for speech to text, Aura and MeloTTS for text to speech. */
import * as v from "valibot";
import type { STTModel } from "../speech/stt/stt-model.ts";
import { type TTSModel, type TTSOptions, ttsModel } from "../speech/tts/tts-model.ts";
import { spokenOf, wavOf } from "./audio-bytes.ts";
import { post, type RequestBody, readAudio, readJson } from "./http.ts";
import type { LanguageModel } from "./language-model.ts";
import { languageModelOfOpenAI } from "./openai.ts";
import { RemoteCalls } from "./remote-calls.ts";

const API = "https://api.cloudflare.com/client/v4";
/** Asked of models that speak at the rate they are asked for. */
const AURA_RATE = 24_000;

export interface WorkersAI {
  readonly accountId: string;
  /** With the permission to run Workers AI. */
  readonly apiToken: string;
  /** Such as `@cf/openai/whisper-large-v3-turbo`, `@cf/deepgram/aura-1`, `@cf/meta/llama-3.1-8b-instruct-fast`. */
  readonly model: string;
  /** Longest wait for a result, or for the next piece of one. Default 20,000. */
  readonly timeoutMs?: number | undefined;
  /** Another address of the API: a gateway of one's own. Default: Cloudflare's. */
  readonly baseURL?: string | undefined;
}

/** Whisper's answer, or Deepgram's. */
const Transcription = v.object({
  result: v.union([
    v.object({ text: v.string() }),
    v.object({
      results: v.object({
        channels: v.pipe(
          v.array(v.object({ alternatives: v.pipe(v.array(v.object({ transcript: v.string() })), v.minLength(1)) })),
          v.minLength(1),
        ),
      }),
    }),
  ]),
});
const Audio = v.object({ result: v.object({ audio: v.string() }) });

export function sttOfWorkersAI(source: WorkersAI): STTModel {
  const calls = new RemoteCalls({ name: source.model, overloaded: "stt_overloaded", timeoutMs: source.timeoutMs });
  return {
    async stt(audio, { signal } = {}) {
      const wav = wavOf(audio);
      if (wav === undefined) return "";
      return await calls.run(signal, async (stop) => {
        // The newest Whisper takes JSON, the other models the file itself.
        const asJson = source.model.includes("whisper-large");
        const body = asJson ? JSON.stringify({ audio: Buffer.from(wav).toString("base64") }) : wav;
        const { result } = v.parse(Transcription, await readJson(await run(source, body, asJson, stop)));
        return ("text" in result ? result.text : transcript(result)).trim();
      });
    },
  };
}

export function ttsOfWorkersAI(source: WorkersAI): TTSModel {
  const calls = new RemoteCalls({ name: source.model, overloaded: "tts_overloaded", timeoutMs: source.timeoutMs });
  const melo = source.model.includes("melotts");
  return ttsModel({
    voice: (options) => options,
    say: (text, options, signal) =>
      calls.run(signal, async (stop) => {
        const body = melo ? meloRequest(text, options) : auraRequest(text, options);
        const response = await run(source, JSON.stringify(body), true, stop);
        if (response.headers.get("content-type")?.includes("json") !== true) {
          return spokenOf(await readAudio(response), AURA_RATE);
        }
        const answer = JSON.parse(new TextDecoder().decode(await readAudio(response)));
        return spokenOf(Buffer.from(v.parse(Audio, answer).result.audio, "base64"), undefined);
      }),
  });
}

/** Its language models speak OpenAI's API. */
export function languageModelOfWorkersAI(source: WorkersAI): LanguageModel {
  const { accountId, apiToken: apiKey, model, timeoutMs } = source;
  return languageModelOfOpenAI({ baseURL: `${baseOf(source)}/accounts/${accountId}/ai/v1`, apiKey, model, timeoutMs });
}

function auraRequest(text: string, { voice }: TTSOptions) {
  const speaker = voice === undefined ? {} : { speaker: voice };
  return { text, ...speaker, encoding: "linear16", container: "wav", sample_rate: AURA_RATE };
}

function meloRequest(prompt: string, { lang = "en" }: TTSOptions) {
  return { prompt, lang: lang.split("-")[0] };
}

async function run(source: WorkersAI, body: RequestBody, isJson: boolean, signal: AbortSignal): Promise<Response> {
  const { accountId, apiToken, model } = source;
  const headers = {
    authorization: `Bearer ${apiToken}`,
    "content-type": isJson ? "application/json" : "audio/wav",
  };
  return await post(`${baseOf(source)}/accounts/${accountId}/ai/run/${model}`, { headers, body, signal });
}

function baseOf({ baseURL = API }: WorkersAI): string {
  return baseURL.replace(/\/+$/, "");
}

function transcript(result: { results: { channels: { alternatives: { transcript: string }[] }[] } }): string {
  return result.results.channels[0]?.alternatives[0]?.transcript ?? "";
}
