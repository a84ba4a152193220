/** Pronouncing dictionaries: 180,000 English words each, by their spelling, in the alphabet that Kokoro was trained on. */
import * as v from "valibot";
import { type Accent, PRIMARY_STRESS, SECONDARY_STRESS, VOWELS } from "./accent.ts";
import { pronounceInflected } from "./inflections.ts";

/** One pronunciation, or several by what the word is in its sentence. */
const Entry = v.union([v.string(), v.objectWithRest({ DEFAULT: v.nullable(v.string()) }, v.nullable(v.string()))]);
type Entry = v.InferOutput<typeof Entry>;
/** Looked into word by word, not copied: there are a hundred thousand. */
type Entries = Readonly<Record<string, unknown>>;

/** What a word is in its sentence, as far as that changes how it is spoken and can be told without a grammar. */
export type WordUse = "verb" | "past" | "last" | undefined;

const USE_KEYS: Readonly<Record<NonNullable<WordUse>, readonly string[]>> = {
  verb: ["VERB", "VBP"],
  past: ["VBD"],
  last: ["None"],
};

export class Dictionary {
  readonly #accent: Accent;
  readonly #entries: readonly Entries[];

  /** @param sources JSON objects of words, the more trusted first. @throws for anything else. */
  constructor(sources: readonly string[], accent: Accent) {
    this.#accent = accent;
    this.#entries = sources.map(readEntries);
  }

  /**
   * How a word is spoken: as it is written here, else letter by letter if it is an abbreviation in capitals, else with a small or
   * a capital first letter, else as an inflection of a known word.
   */
  pronounce(word: string, use?: WordUse): string | undefined {
    const lower = word.toLowerCase();
    const exact = this.#find(word, use);
    if (exact !== undefined) return exact;
    const abbreviation = /^(\p{Lu}{2,})(s?)$/u.exec(word);
    if (abbreviation !== null && isAbbreviation(abbreviation[1] ?? "")) {
      const spelled = this.spell(abbreviation[1] ?? "");
      return spelled === undefined ? undefined : `${spelled}${abbreviation[2] === "s" ? "z" : ""}`;
    }
    const known = (form: string): string | undefined =>
      this.#find(form, use) ?? this.#find(`${form.charAt(0).toUpperCase()}${form.slice(1)}`, use);
    return known(lower) ?? pronounceInflected(lower, this.#accent, known);
  }

  /** Letter by letter, the last one stressed. Undefined where one of them is not a letter of English. */
  spell(letters: string): string | undefined {
    const names: string[] = [];
    for (const letter of letters.toUpperCase()) {
      const name = this.#find(letter, undefined);
      if (name === undefined) return undefined;
      names.push(name);
    }
    const last = names.length - 1;
    return names
      .map((name, i) => (i === last ? stressed(name, PRIMARY_STRESS) : stressed(name, SECONDARY_STRESS)))
      .join("");
  }

  #find(word: string, use: WordUse): string | undefined {
    for (const entries of this.#entries) {
      // A word such as "constructor" is no entry because every object has one.
      if (!Object.hasOwn(entries, word)) continue;
      const entry = v.safeParse(Entry, entries[word]);
      const spoken = entry.success ? choose(entry.output, use) : undefined;
      if (spoken !== undefined) return spoken;
    }
    return undefined;
  }
}

function readEntries(source: string): Entries {
  const entries: unknown = JSON.parse(source);
  if (!isEntries(entries)) throw new TypeError("A pronouncing dictionary is an object of words.");
  return entries;
}

function isEntries(value: unknown): value is Entries {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function choose(entry: Entry, use: WordUse): string | undefined {
  if (typeof entry === "string") return entry;
  for (const key of use === undefined ? [] : USE_KEYS[use]) {
    const spoken = entry[key];
    if (typeof spoken === "string") return spoken;
  }
  return entry.DEFAULT ?? undefined;
}

/** Up to three capitals, or more without a vowel: "US", "API", "HTTP". "HELLO" is just loud. */
function isAbbreviation(word: string): boolean {
  return word.length <= 3 || !/[AEIOUY]/.test(word);
}

function stressed(name: string, mark: string): string {
  const plain = name.replaceAll(PRIMARY_STRESS, "").replaceAll(SECONDARY_STRESS, "");
  const letters = [...plain];
  const at = letters.findIndex((letter) => VOWELS.has(letter));
  return at < 0 ? plain : [...letters.slice(0, at), mark, ...letters.slice(at)].join("");
}
