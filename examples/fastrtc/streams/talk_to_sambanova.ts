/** Spoken to, it answers in writing. */
import { type InputsOf, ReplyOnPause, Stream, type Turn } from "edgertc";
import { understand } from "./answer.ts";
import { asDataUrl, conversation, reply } from "./text_answers.ts";

async function* talk({ audio, inputs: { state }, signal }: Turn<InputsOf<typeof conversation>>) {
  yield* reply(await understand(audio, signal), asDataUrl(audio), state, signal);
}

export default new Stream(new ReplyOnPause(talk, { inputSampleRate: 16_000 }), {
  modality: "audio",
  mode: "send",
  concurrencyLimit: 20,
  inputs: conversation,
});
