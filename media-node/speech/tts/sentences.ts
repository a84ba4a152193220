/**
 * Cuts text into sentences while it arrives, so that the first can be spoken before the last is written. English rules,
 * with the full stops of Chinese and Japanese.
 */

/** A longer sentence is cut at a clause, else between words. */
export const MAX_SENTENCE_CHARS = 250;
/** A clause shorter than this is not cut off on its own. */
const MIN_CLAUSE_CHARS = 40;
/** A whole book is looked at in pieces of this size, so that no step takes long. */
const SCAN_CHARS = 500;

export interface SentenceOptions {
  /**
   * Give the very first clause of at least 40 characters away as soon as it ends, without waiting for its sentence:
   * for text that arrives at the speed it is thought of. Default false.
   */
  readonly eager?: boolean;
}

const CLOSERS = `"'”’»)\\]`;
/** A stop and what closes after it: before white space and more text, or, in scripts without spaces, before anything. */
const STOP = new RegExp(
  `(?:(?<mark>[.!?…]+)(?<closers>[${CLOSERS}*_]*)(?=\\s+(?<next>\\S))|[。！？｡]+[」』）${CLOSERS}]*(?![。！？｡」』）${CLOSERS}])(?=[^]))`,
  "gu",
);
/** A paragraph or an item of a list ends a sentence without a stop. */
const BREAK = /\n[ \t]*(?:\n\s*|(?=(?:[-*•]|\d{1,3}[.)])\s))/g;
const CLAUSE = new RegExp(`[,;:—–][${CLOSERS}]*(?=\\s)|[，；：、]`, "gu");

/** A stop after these never ends a sentence: an example or a number follows. */
const INNER_FORMS = new Set("vs cf e.g i.e eg ie viz approx ca al".split(" "));
/** Nor after these, written with a capital: a name follows. */
const TITLES = new Set(
  "Mr Mrs Ms Mx Dr Prof Rev Gen Col Capt Lt Sgt Maj Cmdr Adm Gov Sen Rep Pres Hon St Mt Ft Messrs Mmes".split(" "),
);
/** A stop after these ends one only if a new one seems to begin: with a capital, and not with a name. */
const SHORT_FORMS = new Set(
  "etc inc ltd co corp jr sr esq ph.d jan feb apr aug sep sept oct nov dec tue tues thu thurs ave blvd rd hwy dept".split(
    " ",
  ),
);
/** Nor after these if a number follows. */
const NUMBER_FORMS = new Set("no nos nr p pp ch fig figs vol vols sec art ext tel".split(" "));
/** What sentences begin with, and names do not. */
const COMMON_STARTS = new Set(
  "the a an i it he she we they you this that these those there here then and but so or if when while what why how who where which in on at for to my our your his her its their do does did is are was were will would can could should may please let".split(
    " ",
  ),
);

/** Takes pieces of text, of any size, and gives whole sentences: trimmed, with white space collapsed, never empty. */
export class SentenceSplitter {
  readonly #eager: boolean;
  #text = "";
  #first = true;

  constructor(options: SentenceOptions = {}) {
    this.#eager = options.eager ?? false;
  }

  /** Sentences that have become complete. The last one waits until it is certain where it ends. */
  push(piece: string): string[] {
    const sentences: string[] = [];
    for (let at = 0; at < piece.length; at += SCAN_CHARS) {
      this.#text += piece.slice(at, at + SCAN_CHARS);
      for (let end = this.#end(); end !== undefined; end = this.#end()) sentences.push(...this.#cut(end));
    }
    return sentences;
  }

  /** What is left, at the end of the text. The splitter can be used anew. */
  flush(): string[] {
    const sentences = this.#cut(this.#text.length);
    this.#first = true;
    return sentences;
  }

  #cut(end: number): string[] {
    const sentence = this.#text.slice(0, end).replace(/\s+/g, " ").trim();
    this.#text = this.#text.slice(end).trimStart();
    if (sentence === "") return [];
    this.#first = false;
    return sentence.length <= MAX_SENTENCE_CHARS ? [sentence] : cutLong(sentence);
  }

  /** Where the first sentence ends, if that is certain yet. */
  #end(): number | undefined {
    const text = this.#text;
    const stop = sentenceEnd(text);
    BREAK.lastIndex = 0;
    const gap = BREAK.exec(text);
    const ends = [stop, gap === null || text.slice(0, gap.index).trim() === "" ? undefined : gap.index + gap[0].length];
    const end = ends.filter((candidate) => candidate !== undefined).sort((a, b) => a - b)[0];
    const eager =
      this.#eager && this.#first ? clauseEnd(text, MIN_CLAUSE_CHARS, MAX_SENTENCE_CHARS, "first") : undefined;
    if (end !== undefined && end <= (eager ?? MAX_SENTENCE_CHARS)) return end;
    if (eager !== undefined) return eager;
    // Nothing in sight: a sentence this long is cut where it is. One that ends further on is cut when it is taken out.
    return end ?? (text.length > MAX_SENTENCE_CHARS + 1 ? longCut(text) : undefined);
  }
}

/** Whether there is anything to say in a sentence. */
export function hasSound(sentence: string): boolean {
  return /[\p{L}\p{N}]/u.test(sentence);
}

/** All sentences of a text. */
export function splitSentences(text: string): string[] {
  const splitter = new SentenceSplitter();
  return [...splitter.push(text), ...splitter.flush()];
}

/** Position after the first stop that ends a sentence. A stop at the very end of the text may yet turn out not to. */
function sentenceEnd(text: string): number | undefined {
  for (const match of text.matchAll(STOP)) {
    const end = match.index + match[0].length;
    const { mark, next = "", closers = "" } = match.groups ?? {};
    if (mark === undefined) return end;
    if (endsSentence(text.slice(0, match.index), mark, closers, text.slice(end).trimStart(), next)) return end;
  }
  return undefined;
}

function endsSentence(before: string, mark: string, closers: string, after: string, next: string): boolean {
  // A sentence does not begin with a small letter: "Well... perhaps", "Yahoo! is", '"Stop!" he said'.
  if (/\p{Ll}/u.test(next)) return false;
  if (mark !== ".") return true;
  if (closers !== "") return true;
  const word = /[\p{L}\p{N}.]*$/u.exec(before)?.[0] ?? "";
  const lower = word.toLowerCase();
  // "1. Bread": an item's number, not a sentence.
  if (/^\s*\d{1,3}$/.test(before)) return false;
  if (INNER_FORMS.has(lower) || TITLES.has(word)) return false;
  if (NUMBER_FORMS.has(lower)) return !/^\d/.test(after);
  // An initial: "J. R. Smith". "I" may be just a word.
  if (/^\p{Lu}$/u.test(word) && word !== "I") return false;
  if (SHORT_FORMS.has(lower) || /^(\p{L}\.)+\p{L}$/u.test(word)) {
    const following = /^["'“‘(]*([\p{L}']+)/u.exec(after)?.[1]?.toLowerCase();
    return following !== undefined && COMMON_STARTS.has(following);
  }
  return true;
}

/** Position after a clause's mark, between `from` and `to`: the first such, or the last. */
function clauseEnd(text: string, from: number, to: number, which: "first" | "last"): number | undefined {
  let found: number | undefined;
  for (const match of text.slice(0, to + 1).matchAll(CLAUSE)) {
    const end = match.index + match[0].length;
    if (end < from || end > to) continue;
    if (which === "first") return end;
    found = end;
  }
  return found;
}

/** Where to cut a sentence that is too long: after its last clause that fits, else its last word, else in a word. */
function longCut(text: string): number {
  const clause = clauseEnd(text, MIN_CLAUSE_CHARS, MAX_SENTENCE_CHARS, "last");
  if (clause !== undefined) return clause;
  const space = text.lastIndexOf(" ", MAX_SENTENCE_CHARS);
  if (space > 0) return space;
  // Not between the halves of a character.
  return /[\uD800-\uDBFF]/.test(text.charAt(MAX_SENTENCE_CHARS - 1)) ? MAX_SENTENCE_CHARS - 1 : MAX_SENTENCE_CHARS;
}

function cutLong(sentence: string): string[] {
  const parts: string[] = [];
  let rest = sentence;
  while (rest.length > MAX_SENTENCE_CHARS) {
    const cut = longCut(rest);
    parts.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  return rest === "" ? parts : [...parts, rest];
}
