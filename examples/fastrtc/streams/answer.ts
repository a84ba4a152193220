/** What the examples hear and answer with: local speech, and a language model if there is one. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText } from "ai";
import { type AudioFrame, type ChatLine, getSTTModel, getTTSModel } from "edgertc";

const stt = getSTTModel();
const tts = getTTSModel();

const baseURL = process.env["OPENAI_BASE_URL"];
const apiKey = process.env["OPENAI_API_KEY"];
const model =
  baseURL === undefined
    ? null
    : createOpenAICompatible({ name: "llm", baseURL, ...(apiKey === undefined ? {} : { apiKey }) })(
        process.env["OPENAI_MODEL"] ?? "gpt-4o-mini",
      );

export async function understand(audio: AudioFrame, signal: AbortSignal): Promise<string> {
  return (await stt.stt(audio, { signal })).trim();
}

/** The next line of a conversation. Without a language model: what its last line said. */
export async function answer(messages: readonly ChatLine[], signal: AbortSignal): Promise<ChatLine> {
  if (model === null) return assistant(`You said: ${messages.at(-1)?.content ?? "nothing"}`);
  const { text } = await generateText({
    model,
    instructions: "Answer in one or two short sentences, without lists or markup.",
    messages: messages.map(({ role, content }) =>
      role === "assistant" ? { role: "assistant" as const, content } : { role: "user" as const, content },
    ),
    abortSignal: signal,
  });
  return assistant(text);
}

export function speak(text: string, signal: AbortSignal, voice?: string): AsyncIterable<AudioFrame> {
  return tts.stream(text, voice === undefined ? { signal } : { signal, voice });
}

export const user = (content: string): ChatLine => ({ role: "user", content });
export const assistant = (content: string): ChatLine => ({ role: "assistant", content });
