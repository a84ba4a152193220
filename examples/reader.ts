/** Server to client only: reads a text aloud, without a microphone. The call ends with the text. */
import { AdditionalOutputs, choice, getTTSModel, type InputsOf, type Run, Stream, text } from "edgertc";

const tts = getTTSModel();

const inputs = {
  text: text({
    label: "Text",
    lines: 6,
    maxChars: 5_000,
    value: "Nothing to read yet. Paste a text, and start again.",
  }),
  voice: choice(["slt", "rms", "awb", "kal16"], { label: "Voice" }),
};

async function* read({ inputs: { text: whole, voice }, signal }: Run<InputsOf<typeof inputs>>) {
  for await (const sentence of tts.stream(whole, { voice, signal })) {
    yield [sentence, new AdditionalOutputs(sentence.text)] as const;
  }
}

export default new Stream(read, {
  modality: "audio",
  mode: "receive",
  inputs,
  concurrencyLimit: 50,
  ui: { title: "Reader", subtitle: "Reads a text aloud." },
});
