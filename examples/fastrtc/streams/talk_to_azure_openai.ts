/** Shows what the assistant says. */
import { AdditionalOutputs, ReplyOnPause, Stream, type Turn } from "edgertc";
import { answer, speak, understand } from "./answer.ts";

async function* talk({ audio, history, signal }: Turn) {
  history.user(await understand(audio, signal));
  const { content } = await answer(history.messages, signal);
  yield new AdditionalOutputs({ transcript: content });
  yield* speak(content, signal);
}

export default new Stream(new ReplyOnPause(talk, { inputSampleRate: 24_000 }), {
  modality: "audio",
  concurrencyLimit: 5,
  timeLimit: 90,
});
