/** A conversation that the page keeps: it sends what was said so far with each turn. */
import { AdditionalOutputs, type InputsOf, messages, ReplyOnPause, Stream, type Turn } from "edgertc";
import { answer, speak, understand, user } from "./answer.ts";

const inputs = { chatbot: messages() };

async function* talk({ audio, inputs: { chatbot }, signal }: Turn<InputsOf<typeof inputs>>) {
  const asked = [...chatbot, user(await understand(audio, signal))];
  yield new AdditionalOutputs(asked);
  const reply = await answer(asked, signal);
  yield new AdditionalOutputs([...asked, reply]);
  yield* speak(reply.content, signal);
}

export default new Stream(new ReplyOnPause(talk, { inputSampleRate: 16_000 }), {
  modality: "audio",
  concurrencyLimit: 5,
  timeLimit: 90,
  inputs,
});
