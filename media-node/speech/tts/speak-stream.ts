/** Speaks text while it is still being written: sentence by sentence, each synthesised while the one before plays. */
import type { AudioFrame } from "../../audio/frame.ts";
import { hasSound, SentenceSplitter } from "./sentences.ts";

/** A sentence as audio. */
export interface SpokenFrame extends AudioFrame {
  readonly samples: Int16Array;
  /** The sentence, as it was written. */
  readonly text: string;
}

/** Text to speak: a string, or one that arrives in pieces, as from a language model. */
export type SpeechText = string | AsyncIterable<string>;

/** @param slackMs how much later than the first sentence, which somebody waits for in silence, this one may be made. */
export type Synthesize = (
  sentence: string,
  signal: AbortSignal,
  slackMs: number,
) => Promise<AudioFrame & { samples: Int16Array }>;

/** Sentences synthesised ahead of the one that was taken last. */
const MAX_AHEAD = 1;
/** What a sentence before it plays for, at least: the replies of others, which have not begun yet, go first meanwhile. */
const LATER_SENTENCE_SLACK_MS = 1_000;

/**
 * One frame per sentence, in order. Text is read, and sentences are synthesised, only so far ahead of the consumer.
 * Returning early, or the signal, cancels what has not been synthesised and ends the reading of `text`.
 * @throws what `text` or `synthesize` throws, after the sentences before it; the signal's reason.
 */
export async function* speakStream(
  text: SpeechText,
  synthesize: Synthesize,
  signal?: AbortSignal,
): AsyncGenerator<SpokenFrame, void, undefined> {
  const ended = new AbortController();
  const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const sentences = sentencesOf(text, stop);
  const ahead: Promise<SpokenFrame | undefined>[] = [];
  let slackMs = 0;
  const synthesizeNext = () => {
    const frame = sentences.next().then(async ({ value: sentence }) => {
      if (sentence === undefined) return undefined;
      const synthesized = synthesize(speakable(sentence), stop, slackMs);
      slackMs = LATER_SENTENCE_SLACK_MS;
      const { sampleRate, samples } = await synthesized;
      return { sampleRate, samples, text: sentence };
    });
    // It is awaited in its turn, which may come long after it fails, or never.
    frame.catch(() => undefined);
    ahead.push(frame);
  };
  try {
    for (let i = 0; i <= MAX_AHEAD; i++) synthesizeNext();
    for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
      stop.throwIfAborted();
      const frame = await next;
      if (frame === undefined) return;
      synthesizeNext();
      yield frame;
    }
  } finally {
    ended.abort(new DOMException("The speech was not wanted any more.", "AbortError"));
    await Promise.allSettled([...ahead, sentences.return(undefined)]);
  }
}

/** Sentences with something to say in them. */
async function* sentencesOf(text: SpeechText, stop: AbortSignal): AsyncGenerator<string, undefined, undefined> {
  const splitter = new SentenceSplitter({ eager: typeof text !== "string" });
  if (typeof text === "string") {
    yield* splitter.push(text).filter(hasSound);
  } else {
    for await (const piece of untilAborted(text, stop)) yield* splitter.push(piece).filter(hasSound);
  }
  yield* splitter.flush().filter(hasSound);
  return undefined;
}

/** The iterable's items; an abort does not wait for an item that may never come. */
async function* untilAborted<T>(items: AsyncIterable<T>, stop: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => undefined);
  const abort = () => reject(stop.reason);
  stop.addEventListener("abort", abort, { once: true });
  if (stop.aborted) abort();
  let finished = false;
  try {
    while (true) {
      const result = await Promise.race([iterator.next(), aborted]).catch((error: unknown) => {
        finished = !stop.aborted;
        throw error;
      });
      finished = result.done === true;
      if (finished) return;
      yield result.value;
    }
  } finally {
    stop.removeEventListener("abort", abort);
    // Told, not awaited: a generator that waits for its own source would not hear it until that answers.
    if (!finished) Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** The sentence without what a language model writes for the eye: emphasis, headings, code marks, emoji. */
function speakable(sentence: string): string {
  return sentence
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:#{1,6}|[-*•>])\s+/, "")
    .replace(/[*_`~#|]+|\p{Extended_Pictographic}|\uFE0F/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
}
