/** The words that wake a handler, and whether they are in a text: by FastRTC's rule. */

/** `\b` of other languages: in JavaScript's own, a letter with an accent ends a word. */
const WORD = "[\\p{L}\\p{N}_]";
const BOUNDARY = `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`;

export class StopWords {
  readonly #patterns: readonly RegExp[];

  /**
   * @param phrases each a word or several: "computer", "hey computer". Case does not matter, nor do spaces.
   * @throws TypeError where there are none, or one is empty.
   */
  constructor(phrases: readonly string[]) {
    if (phrases.length === 0 || phrases.some((phrase) => phrase.trim() === "")) {
      throw new TypeError('Stop words are a list of words or phrases, such as ["computer"]; none of them is empty.');
    }
    this.#patterns = phrases.map((phrase) => {
      const words = phrase.trim().split(/\s+/).map(literally);
      return new RegExp(`${BOUNDARY}${words.join("\\s+")}[.,!?]*${BOUNDARY}`, "iu");
    });
  }

  /** Where the first of them ends in a text; undefined where there is none. */
  endIn(text: string): number | undefined {
    const ends = this.#patterns.flatMap((pattern) => {
      const match = pattern.exec(text);
      return match === null ? [] : [match.index + match[0].length];
    });
    return ends.length === 0 ? undefined : Math.min(...ends);
  }
}

/** The word as a pattern that matches just it. */
function literally(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
