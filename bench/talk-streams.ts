/** The stream of the `talk` rows: local models only, so that what is measured is ours. Apart, for its models to be loaded there alone. */
import { getSTTModel, getTTSModel, ReplyOnPause, Stream, type Turn } from "edgertc";

const stt = getSTTModel();
const tts = getTTSModel();

/** Understands, and says it back. */
export const talk = new Stream(
  new ReplyOnPause(async function* ({ audio, history, signal }: Turn) {
    const text = await stt.stt(audio, { signal });
    if (text === "") return;
    history.user(text);
    yield* tts.stream(`You said: ${text}`, { signal });
  }),
  { modality: "audio", concurrencyLimit: 1_000 },
);
