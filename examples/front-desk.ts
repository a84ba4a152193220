/** Speaks first, asks two questions, hands over the answers and hangs up. */
import {
  AdditionalOutputs,
  CloseStream,
  getSTTModel,
  getTTSModel,
  output,
  ReplyOnPause,
  Stream,
  type Turn,
} from "edgertc";

const stt = getSTTModel();
const tts = getTTSModel();

async function* greet({ signal }: Turn) {
  yield* tts.stream("Hello, this is the front desk. What is your name?", { signal });
}

async function* ask({ audio, history, state, signal }: Turn) {
  const words = await stt.stt(audio, { signal });
  if (words === "") return;
  history.user(words);
  const name = state.get("name");
  if (name === undefined) {
    // Each caller has a state of its own.
    state.set("name", words);
    yield* tts.stream("Thank you. What brings you here?", { signal });
    return;
  }
  yield new AdditionalOutputs({ name, reason: words });
  yield* tts.stream("Somebody will be with you in a minute. Goodbye.", { signal });
  yield new CloseStream("The front desk has hung up");
}

export default new Stream(new ReplyOnPause(ask, { startupFn: greet, inputSampleRate: 16_000 }), {
  modality: "audio",
  concurrencyLimit: 20,
  timeLimit: 120,
  outputs: { visitor: output.json({ label: "Handed over" }) },
  ui: { title: "Front desk", subtitle: "It speaks first, and hangs up when it knows enough." },
});
