/** Takes an API key as a secret, and a voice to speak with. */
import { choice, type InputsOf, ReplyOnPause, Stream, secret, type Turn } from "edgertc";
import { answer, speak, understand, user } from "./answer.ts";

const inputs = {
  api_key: secret({ required: true }),
  voice_name: choice(["Puck", "Charon", "Kore", "Fenrir", "Aoede"], { required: true }),
};

/** The voices that this machine speaks with. */
const VOICES = { Puck: "rms", Charon: "kal16", Kore: "slt", Fenrir: "awb", Aoede: "slt" } as const;

async function* talk({ audio, inputs: { api_key, voice_name }, signal }: Turn<InputsOf<typeof inputs>>) {
  // Where it would be used: a provider of speech or language is called in the user's name.
  if (api_key === undefined || api_key === "") throw new Error("An API key is needed.");
  const reply = await answer([user(await understand(audio, signal))], signal);
  yield* speak(reply.content, signal, VOICES[voice_name]);
}

export default new Stream(new ReplyOnPause(talk, { inputSampleRate: 16_000 }), {
  modality: "audio",
  concurrencyLimit: 5,
  timeLimit: 90,
  inputs,
});
