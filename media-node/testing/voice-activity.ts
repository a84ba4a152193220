/** Voice activity detection for calls in virtual time: a loudness meter or a script of one's own, or the real one, waited for. */
import type { VadStream } from "../handlers/context.ts";
import { SileroVad } from "../speech/vad/silero-vad.ts";
import { isAudible } from "./timeline.ts";

/** Silero's window: 32 ms at 16 kHz. */
const WINDOW_SAMPLES = 512;
const SPEECH = 0.99;
const SILENCE = 0.01;

export interface VoiceActivity {
  /** For one session. */
  open(onProbability: (probability: number) => void): VadStream;
  /** Settles once everything that was pushed has been judged; absent where that is at once. */
  settled?(): Promise<void>;
}

/** How a window of 512 samples at 16 kHz sounds; `atMs` is when it began, in milliseconds of audio. @returns the probability of speech. */
export type WindowScript = (samples: Int16Array, atMs: number) => number;

/** @param script default: whatever is louder than −50 dB is speech. */
export function scriptedVad(
  script: WindowScript = (samples) => (isAudible(samples) ? SPEECH : SILENCE),
): VoiceActivity {
  return {
    open: (onProbability) => {
      let rest = new Int16Array(0);
      let atMs = 0;
      let state: "open" | "closed" = "open";
      return {
        push: (samples) => {
          const joined = new Int16Array(rest.length + samples.length);
          joined.set(rest);
          joined.set(samples, rest.length);
          let offset = 0;
          // A listener may close the stream in the middle.
          for (; state === "open" && offset + WINDOW_SAMPLES <= joined.length; offset += WINDOW_SAMPLES) {
            onProbability(script(joined.subarray(offset, offset + WINDOW_SAMPLES), atMs));
            atMs += WINDOW_SAMPLES / 16;
          }
          rest = joined.slice(offset);
        },
        reset: () => {
          rest = new Int16Array(0);
        },
        close: () => {
          state = "closed";
        },
      };
    },
  };
}

/**
 * Silero, as in production. Time waits for its verdicts, so that a call sounds the same on any machine. Close it after the last call.
 * @throws as the model store does, where the model cannot be had.
 */
export async function sileroVad(): Promise<VoiceActivity & { close(): Promise<void> }> {
  const failed = Promise.withResolvers<never>();
  // Nobody waits for it unless a window does.
  failed.promise.catch(() => undefined);
  // Each window for itself: there is no company to wait for.
  const vad = new SileroVad({ onError: failed.reject, batchDelayMs: 0 });
  await vad.ready();
  let due = 0;
  let waiter: (() => void) | undefined;
  const judged = (): void => {
    due -= 1;
    if (due === 0) waiter?.();
  };
  return {
    open: (onProbability) => {
      let samples = 0;
      let owed = 0;
      const stream = vad.open((probability) => {
        owed -= 1;
        onProbability(probability);
        judged();
      });
      /** What is on its way is never reported. */
      const forget = (): void => {
        for (; owed > 0; owed--) judged();
        samples = 0;
      };
      return {
        push: (pushed) => {
          const before = Math.floor(samples / WINDOW_SAMPLES);
          samples += pushed.length;
          const windows = Math.floor(samples / WINDOW_SAMPLES) - before;
          owed += windows;
          due += windows;
          stream.push(pushed);
        },
        reset: () => {
          stream.reset();
          forget();
        },
        close: () => {
          stream.close();
          forget();
        },
      };
    },
    settled: async () => {
      if (due === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiter = resolve;
      await Promise.race([promise, failed.promise]);
    },
    close: () => vad.close(),
  };
}
