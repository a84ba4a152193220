/** Spoken to or typed to, it answers in writing. What was typed comes as an input, with a request to answer. */
import { type InputsOf, ReplyOnPause, Stream, type Turn, text } from "edgertc";
import { understand } from "./answer.ts";
import { asDataUrl, conversation, reply } from "./text_answers.ts";

const inputs = { ...conversation, textbox: text() };

async function* talk({ audio, inputs: { state, textbox }, signal }: Turn<InputsOf<typeof inputs>>) {
  const typed = textbox !== "";
  const said = typed ? textbox : await understand(audio, signal);
  yield* reply(said, typed ? null : asDataUrl(audio), state, signal);
}

export default new Stream(new ReplyOnPause(talk, { inputSampleRate: 16_000 }), {
  modality: "audio",
  mode: "send",
  concurrencyLimit: 5,
  inputs,
});
