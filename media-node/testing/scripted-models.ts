/** Speech to text, language model and text to speech that do as a script says, in virtual time, and remember what they were asked. */
import type { AudioFrame, AudioInput } from "../audio/frame.ts";
import type { ChatMessage } from "../handlers/history.ts";
import { type SpeechText, type SpokenFrame, speakStream } from "../speech/tts/speak-stream.ts";
import type { Clock } from "../time/clock.ts";
import { OUTPUT_SAMPLE_RATE } from "./virtual-transport.ts";

/** What a model does instead of an answer: never give one, or fail with this error. */
export const HANGS: unique symbol = Symbol("hangs");
export type Scripted = string | Error | typeof HANGS;

interface Request {
  readonly signal?: AbortSignal | undefined;
}

export interface ScriptedSttOptions {
  readonly clock: Clock;
  /** From being asked to the answer. Default 100. */
  readonly delayMs?: number;
}

/**
 * Understands, one after the other, what the script says.
 * @throws RangeError, when asked, where the script is over.
 */
export function scriptedStt(script: readonly Scripted[], { clock, delayMs = 100 }: ScriptedSttOptions) {
  const heard: AudioInput[] = [];
  return {
    /** What it was asked about. */
    heard,
    async stt(audio: AudioInput, { signal }: Request = {}): Promise<string> {
      heard.push(audio);
      const answer = await scripted(script, heard.length, "speech to text", signal);
      await pause(clock, delayMs, signal);
      return answer;
    },
  };
}

export interface ScriptedLlmOptions {
  readonly clock: Clock;
  /** From being asked to the first word. Default 300. */
  readonly firstTokenMs?: number;
  /** From word to word. Default 30. */
  readonly tokenMs?: number;
}

/** Answers, one after the other, what the script says, word by word. */
export function scriptedLlm(script: readonly Scripted[], options: ScriptedLlmOptions) {
  const { clock, firstTokenMs = 300, tokenMs = 30 } = options;
  const asked: (readonly ChatMessage[])[] = [];
  return {
    /** The conversations it was given. */
    asked,
    /** @throws RangeError, at its first word, where the script is over; the scripted error; the signal's reason. */
    async *stream(messages: readonly ChatMessage[], { signal }: Request = {}): AsyncGenerator<string, void, undefined> {
      asked.push(messages);
      const answer = await scripted(script, asked.length, "the language model", signal);
      await pause(clock, firstTokenMs, signal);
      for (const token of answer.match(/\S+\s*/g) ?? []) {
        yield token;
        await pause(clock, tokenMs, signal);
      }
    },
  };
}

export interface ScriptedTtsOptions {
  readonly clock: Clock;
  /** From a sentence to its sound. Default 100. */
  readonly delayMs?: number;
  /** Sound of one character. Default 60: about the speed of speech. */
  readonly charMs?: number;
  /** Sentences that it fails at. */
  readonly failsAt?: RegExp;
}

/** Speaks text as a tone of its length. */
export function scriptedTts({ clock, delayMs = 100, charMs = 60, failsAt }: ScriptedTtsOptions) {
  const spoken: string[] = [];
  const synthesize = async (text: string, signal?: AbortSignal) => {
    spoken.push(text);
    if (failsAt?.test(text) === true) throw new Error(`Text to speech fails at "${text}", as scripted.`);
    await pause(clock, delayMs, signal);
    return tone(text.length * charMs);
  };
  return {
    /** The sentences it was given, heard or not. */
    spoken,
    tts: (text: string, { signal }: Request = {}): Promise<AudioFrame> => synthesize(text, signal),
    stream: (text: SpeechText, { signal }: Request = {}): AsyncGenerator<SpokenFrame, void, undefined> =>
      speakStream(text, synthesize, signal),
  };
}

/** A sound that is no speech but loud enough to be taken for it. */
export function tone(durationMs: number, sampleRate: number = OUTPUT_SAMPLE_RATE) {
  const step = (2 * Math.PI * 440) / sampleRate;
  const length = Math.round((durationMs * sampleRate) / 1_000);
  return { sampleRate, samples: Int16Array.from({ length }, (_, i) => 8_000 * Math.sin(step * i)) };
}

/** Settles after `delayMs` of the clock. @throws the signal's reason. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

/** @param nth counted from 1. */
async function scripted(
  script: readonly Scripted[],
  nth: number,
  model: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const answer = script[nth - 1];
  if (answer === undefined)
    throw new RangeError(`The script of ${model} has ${script.length} answers; it was asked for a further one.`);
  if (answer instanceof Error) throw answer;
  if (answer !== HANGS) return answer;
  return await new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
