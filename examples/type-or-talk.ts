/** Type or talk, one conversation: what was typed is a turn like what was said. */
import { answerTypedText, getSTTModel, getTTSModel, ReplyOnPause, Stream, type Turn, typedText } from "edgertc";

const stt = getSTTModel();
const tts = getTTSModel();

async function* answer(turn: Turn) {
  const { history, signal } = turn;
  const said = typedText(turn) ?? (await stt.stt(turn.audio, { signal }));
  if (said === "") return;
  history.user(said);
  yield* tts.stream(`You said: ${said}`, { signal });
}

export default new Stream(new ReplyOnPause(answer, { onMessage: answerTypedText, inputSampleRate: 16_000 }), {
  modality: "audio",
  concurrencyLimit: 20,
  ui: { title: "Type or talk", subtitle: "It says it back.", variant: "textbox" },
});
