/** What several pages share: they are spoken to and answer in writing. The page keeps the conversation. */
import { AdditionalOutputs, type AudioFrame, type ChatLine, messages } from "edgertc";
import { answer, user } from "./answer.ts";

/** Both hold the conversation: FastRTC's pages send it twice. */
export const conversation = { chatbot: messages(), state: messages() };

/** A line as it was said: 16-bit mono WAV, as a data URL that a page can play. */
export function asDataUrl({ sampleRate, samples }: AudioFrame): string {
  const wav = Buffer.alloc(44 + samples.length * 2);
  wav.write("RIFF", 0, "ascii");
  wav.writeUInt32LE(36 + samples.length * 2, 4);
  wav.write("WAVEfmt ", 8, "ascii");
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(sampleRate, 24);
  wav.writeUInt32LE(sampleRate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36, "ascii");
  wav.writeUInt32LE(samples.length * 2, 40);
  for (const [index, sample] of samples.entries()) wav.writeInt16LE(sample, 44 + index * 2);
  return `data:audio/wav;base64,${wav.toString("base64")}`;
}

/** The question and the answer. `audio` is how it was said, null if it was typed. */
export async function* reply(text: string, audio: string | null, state: readonly ChatLine[], signal: AbortSignal) {
  const asked = [...state, user(text)];
  yield new AdditionalOutputs(asked, audio);
  yield new AdditionalOutputs([...asked, await answer(asked, signal)], null);
}
