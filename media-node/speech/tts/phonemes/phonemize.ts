/** From written English to the phonemes Kokoro speaks: dictionaries, how small words change in a sentence, and rules for the rest. */
import { type Accent, fromArpabet, PRIMARY_STRESS, SECONDARY_STRESS, VOWELS } from "./accent.ts";
import type { Dictionary, WordUse } from "./dictionary.ts";
import { type Token, tokenize } from "./tokens.ts";

/** What no dictionary has: CMU Flite's way of reading numbers, and its letter-to-sound rules. */
export interface FrontEnd {
  /** "$19.99" as words: "nineteen dollars ninety nine cents". */
  words(text: string): readonly string[];
  /** A word as ARPAbet phones. */
  phones(word: string): readonly string[];
}

export interface PhonemizerOptions {
  readonly accent: Accent;
  readonly dictionary: Dictionary;
  readonly frontEnd: FrontEnd;
}

/** After these comes a verb: "to record", "I live", "will lead". */
const BEFORE_VERBS: ReadonlySet<string> = new Set(
  "to i you we they will would can could should shall may might must do don't didn't won't can't let's who".split(" "),
);

/** What comes after a word: the beginning of a vowel, of a consonant, or a pause. */
type Next = "vowel" | "consonant" | "pause";

export class Phonemizer {
  readonly #options: PhonemizerOptions;

  constructor(options: PhonemizerOptions) {
    this.#options = options;
  }

  /** Words with spaces between them, and the marks that are heard. Never throws for any text. */
  phonemize(text: string): string {
    const tokens = tokenize(text).flatMap((token) => this.#intoWords(token));
    const spoken: string[] = [];
    let next: Next = "pause";
    // From the end: how "the" is spoken depends on what follows it.
    for (let i = tokens.length - 1; i >= 0; i--) {
      const token = tokens[i];
      if (token === undefined) continue;
      const sounds = this.#sounds(token, tokens[i - 1], tokens[i + 1], next);
      spoken.unshift(token.spaced ? ` ${sounds}` : sounds);
      next = nextOf(token, sounds, next);
    }
    return spoken.join("").replace(/ +/g, " ").trim();
  }

  #intoWords(token: Token): Token[] {
    if (token.kind !== "other") return [token];
    const words = this.#options.frontEnd.words(token.text).filter((word) => /\p{L}/u.test(word));
    // Letters on their own are letters: "GPT" comes back as three.
    return words.map((word, i) => ({
      kind: "word",
      text: word.length === 1 && word !== "a" ? word.toUpperCase() : word,
      spaced: i > 0 || token.spaced,
    }));
  }

  #sounds(token: Token, before: Token | undefined, after: Token | undefined, next: Next): string {
    if (token.kind === "mark") return token.text;
    const spelled = token.kind === "letters" ? this.#options.dictionary.spell(token.text) : undefined;
    return spelled ?? this.#word(token.text, before, after, next);
  }

  #word(word: string, before: Token | undefined, after: Token | undefined, next: Next): string {
    const { dictionary, frontEnd, accent } = this.#options;
    const small = smallWord(word, next, accent);
    if (small !== undefined) return small;
    return dictionary.pronounce(word, useOf(word, before, after, next)) ?? fromArpabet(frontEnd.phones(word), accent);
  }
}

/** Words that are spoken weakly, and differently before a vowel. */
function smallWord(word: string, next: Next, accent: Accent): string | undefined {
  switch (word === "I" ? word : word.toLowerCase()) {
    case "I":
      return `${SECONDARY_STRESS}I`;
    case "a":
      return word === "A" && next === "pause" ? undefined : "ɐ";
    case "an":
      return "ɐn";
    case "the":
      return next === "vowel" ? "ði" : "ðə";
    case "to":
      if (next === "pause") return undefined;
      return next === "vowel" ? "tʊ" : "tə";
    case "in":
      return next === "pause" ? `${PRIMARY_STRESS}ɪn` : "ɪn";
    case "am":
      return next === "pause" ? undefined : accent === "us" ? "ɐm" : "əm";
    default:
      return undefined;
  }
}

function useOf(word: string, before: Token | undefined, after: Token | undefined, next: Next): WordUse {
  if (word.toLowerCase() === "used" && after?.text.toLowerCase() === "to") return "past";
  if (next === "pause" && word.length <= 4) return "last";
  return before !== undefined && BEFORE_VERBS.has(before.text.toLowerCase()) ? "verb" : undefined;
}

function nextOf(token: Token, sounds: string, before: Next): Next {
  if (token.kind === "mark") return '"“”()'.includes(token.text) ? before : "pause";
  const first = [...sounds].find((sound) => sound !== PRIMARY_STRESS && sound !== SECONDARY_STRESS);
  if (first === undefined) return before;
  return VOWELS.has(first) ? "vowel" : "consonant";
}
