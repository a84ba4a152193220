/** A conversation that the node keeps, one for each session. */
import { AdditionalOutputs, ReplyOnPause, Stream, type Turn } from "edgertc";
import { answer, assistant, speak, understand, user } from "./answer.ts";

async function* talk({ audio, history, signal }: Turn) {
  const asked = user(await understand(audio, signal));
  history.user(asked.content);
  const reply = await answer(history.messages, signal);
  yield* speak(reply.content, signal);
  yield new AdditionalOutputs([...history.messages.slice(0, -1), asked, assistant(reply.content)]);
}

export default new Stream(new ReplyOnPause(talk, { inputSampleRate: 16_000 }), {
  modality: "audio",
  concurrencyLimit: 5,
});
