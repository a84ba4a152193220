/** Answers in writing, but only when it hears its name. */
import { type InputsOf, ReplyOnPause, Stream, type Turn } from "edgertc";
import { understand } from "./answer.ts";
import { asDataUrl, conversation, reply } from "./text_answers.ts";

async function* talk({ audio, inputs: { state }, signal }: Turn<InputsOf<typeof conversation>>) {
  const text = await understand(audio, signal);
  if (/\bcomputer\b/i.test(text)) yield* reply(text, asDataUrl(audio), state, signal);
}

export default new Stream(new ReplyOnPause(talk, { inputSampleRate: 16_000 }), {
  modality: "audio",
  mode: "send",
  concurrencyLimit: 5,
  timeLimit: 90,
  inputs: conversation,
});
