/** Sleeps until it hears "computer", then answers what follows: the time, the date, or what it understood. */
import { getSTTModel, getTTSModel, ReplyOnStopWords, Stream, type Turn } from "edgertc";

const stt = getSTTModel();
const tts = getTTSModel();

async function* answer({ audio, history, signal }: Turn) {
  const question = await stt.stt(audio, { signal });
  history.user(question);
  yield* tts.stream(answerTo(question), { signal });
}

function answerTo(question: string): string {
  const now = new Date();
  if (/\btime\b/i.test(question)) return `It is ${now.toLocaleTimeString("en", { timeStyle: "short" })}.`;
  if (/\b(date|day)\b/i.test(question)) return `It is ${now.toLocaleDateString("en", { dateStyle: "full" })}.`;
  return `You said: ${question}`;
}

export default new Stream(new ReplyOnStopWords(answer, ["computer"], { inputSampleRate: 16_000 }), {
  modality: "audio",
  concurrencyLimit: 20,
  ui: { title: "Computer", subtitle: 'Say "Computer", then ask for the time or the date.' },
});
