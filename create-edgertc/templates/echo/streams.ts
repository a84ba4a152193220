/** Hears the caller out and says the same. Every export that is a Stream is served under its name, `default` at the root. */
import { ReplyOnPause, Stream } from "edgertc";

export default new Stream(
  new ReplyOnPause(async function* ({ audio }) {
    yield audio;
  }),
  {
    modality: "audio",
    concurrencyLimit: 100,
    timeLimit: 300,
    ui: { title: "Echo", subtitle: "Speak and pause: you hear yourself." },
  },
);
