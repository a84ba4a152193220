/** What the media node serves: every export that is a Stream, under its name; `default` is at the root. */
import { getLanguageModel, getSTTModel, getTTSModel, type LanguageModel } from "edgertc";
import { assistant } from "./assistant.ts";

/** Any OpenAI-compatible endpoint; Ollama's is http://127.0.0.1:11434/v1. */
function languageModel(): LanguageModel | null {
  const { OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: apiKey, OPENAI_MODEL: model = "gpt-4o-mini" } = process.env;
  return baseURL === undefined ? null : getLanguageModel({ baseURL, apiKey, model });
}

export default assistant({ stt: getSTTModel(), llm: languageModel(), tts: getTTSModel() });
