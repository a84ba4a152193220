/** Writes down what is said, line by line. */
import { AdditionalOutputs, type InputsOf, ReplyOnPause, Stream, type Turn, text } from "edgertc";
import { understand } from "./answer.ts";

const inputs = { transcript: text() };

async function* write({ audio, inputs: { transcript }, signal }: Turn<InputsOf<typeof inputs>>) {
  yield new AdditionalOutputs(`${transcript}\n${await understand(audio, signal)}`);
}

export default new Stream(new ReplyOnPause(write, { inputSampleRate: 16_000 }), {
  modality: "audio",
  mode: "send",
  concurrencyLimit: 5,
  timeLimit: 90,
  inputs,
});
