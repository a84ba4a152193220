/** Of a handler's stop words, those that the page tells: as many as a person reads, and none that is a speech of its own. */
import { MAX_SHOWN_STOP_WORDS, MAX_STOP_WORD_CHARS } from "../../shared/limits.ts";

export function shownStopWords(words: readonly string[]): string[] {
  return words
    .map((word) => word.trim())
    .filter((word) => word.length <= MAX_STOP_WORD_CHARS)
    .slice(0, MAX_SHOWN_STOP_WORDS);
}
