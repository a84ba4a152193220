/** Counts the words a transcript has wrong: what word error rates are made of. For tests and benchmarks. */

/** Spellings that sound the same. */
const SAME: Readonly<Record<string, string>> = {
  mr: "mister",
  "4": "four",
  "7": "seven",
  "8": "eight",
  "9": "nine",
  "10": "ten",
  "20": "twenty",
};

export interface WordErrors {
  /** Words wrong, missing or too many. */
  readonly errors: number;
  /** Words that were said. */
  readonly words: number;
}

/** The least number of words to change, leave out and add that makes one text the other; case and punctuation aside. */
export function wordErrors(said: string, heard: string): WordErrors {
  const expected = wordsOf(said);
  const actual = wordsOf(heard);
  // One row of the Levenshtein table at a time: errors up to each of the words heard.
  let row = Array.from({ length: actual.length + 1 }, (_, i) => i);
  for (const [i, word] of expected.entries()) {
    const next = [i + 1];
    for (const [j, other] of actual.entries()) {
      const replaced = (row[j] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return { errors: row.at(-1) ?? 0, words: expected.length };
}

function wordsOf(text: string): string[] {
  const plain = text
    .toLowerCase()
    .replaceAll("to-morrow", "tomorrow")
    .replace(/['’]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ");
  return plain
    .trim()
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => SAME[word] ?? word);
}
