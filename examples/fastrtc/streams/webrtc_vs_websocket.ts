/** A conversation that the page keeps, for its comparison of both transports. */
import { AdditionalOutputs, type InputsOf, messages, ReplyOnPause, Stream, type Turn } from "edgertc";
import { answer, speak, understand, user } from "./answer.ts";

const inputs = { chatbot: messages() };

async function* talk({ audio, inputs: { chatbot }, signal }: Turn<InputsOf<typeof inputs>>) {
  const asked = [...chatbot, user(await understand(audio, signal))];
  const reply = await answer(asked, signal);
  yield* speak(reply.content, signal);
  yield new AdditionalOutputs([...asked, reply]);
}

export default new Stream(new ReplyOnPause(talk, { inputSampleRate: 24_000 }), {
  modality: "audio",
  concurrencyLimit: 20,
  timeLimit: 90,
  inputs,
});
