/** ReplyOnPause in a scripted session, where somebody speaks and pauses window by window. */
import { setImmediate } from "node:timers/promises";
import { VAD_WINDOW_MS } from "../../turn/speech-detector.ts";
import type { ReplyFunction } from "../reply-function.ts";
import { ReplyOnPause } from "../reply-on-pause.ts";
import type { ReplyOnPauseOptions } from "../reply-on-pause-options.ts";
import { ScriptedContext } from "./scripted-context.ts";

/** Some audio to yield. */
export const frame = { sampleRate: 24_000, samples: new Int16Array(480) };

export const echo: ReplyFunction = async function* ({ audio }) {
  yield audio;
};

/** Whatever has been begun has got as far as it can. */
export const settled = (): Promise<void> => setImmediate();

/** What is said is at 90 in each sample, and a pause at 1. */
export function spokenTo(fn: ReplyFunction, options: ReplyOnPauseOptions = {}, session = new ScriptedContext()) {
  // Most tests are about turns, not about what is begun before they are over.
  const handler = new ReplyOnPause(fn, { inputSampleRate: 16_000, thinkAheadMs: 0, ...options }).copy();
  const { emit, played } = session.start(handler);
  const hear = (probability: number, durationMs: number): void => {
    for (let ms = 0; ms < durationMs; ms += VAD_WINDOW_MS) {
      void handler.receive({ sampleRate: 16_000, samples: new Int16Array(512).fill(probability * 100) });
      session.window(probability);
    }
  };
  const speak = (durationMs: number) => hear(0.9, durationMs);
  const pause = (durationMs: number) => hear(0.01, durationMs);
  return {
    handler,
    session,
    events: session.events,
    speak,
    pause,
    /** A whole turn: 640 ms of speech, and the pause that ends it. */
    ask: () => {
      speak(640);
      pause(608);
    },
    emit,
    played,
  };
}
