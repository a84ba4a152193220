/** Shows both sides of the conversation, line by line. */
import { AdditionalOutputs, ReplyOnPause, Stream, type Turn } from "edgertc";
import { answer, speak, understand, user } from "./answer.ts";

async function* talk({ audio, history, signal }: Turn) {
  const asked = user(await understand(audio, signal));
  history.user(asked.content);
  yield new AdditionalOutputs(asked);
  const reply = await answer(history.messages, signal);
  yield new AdditionalOutputs(reply);
  yield* speak(reply.content, signal);
}

export default new Stream(new ReplyOnPause(talk, { inputSampleRate: 24_000 }), {
  modality: "audio",
  concurrencyLimit: 5,
  timeLimit: 90,
});
