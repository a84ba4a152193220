/** Takes written text apart: words, marks that are heard as pauses, and what has to be put into words first, such as numbers. */

export type Token =
  /** `spaced`: white space comes before it. */
  | { readonly kind: "word"; readonly text: string; readonly spaced: boolean }
  /** To be spelled. */
  | { readonly kind: "letters"; readonly text: string; readonly spaced: boolean }
  /** Digits, symbols, addresses: no dictionary has them. */
  | { readonly kind: "other"; readonly text: string; readonly spaced: boolean }
  /** One of {@link MARKS}. */
  | { readonly kind: "mark"; readonly text: string; readonly spaced: boolean };

/** Punctuation that Kokoro hears. */
const MARKS = ';:,.!?—…"“”()';
const LEADING = new RegExp(`^[${MARKS}'‘’\\[\\]{}<>]+`, "u");
const TRAILING = new RegExp(`[${MARKS}'‘’\\[\\]{}<>]+$`, "u");
/** Words, joined or not by hyphens and apostrophes. */
const WORDS = /^\p{L}+(?:['-]\p{L}+)*$/u;
/** "U.S.", "e.g.", "a.m." */
const DOTTED = /^(?:\p{L}\.){2,}$/u;
/** Titles and the like keep their stop: they are in the dictionary with it. */
const SHORT_FORM = /^(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc)\.$/i;
/** A capital after a small letter begins a word: "iPhone", "EdgeRTC". */
const CAMEL = /(?<=\p{Ll})(?=\p{Lu})/u;

/** The tokens of a text, in order. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  // Dashes in a sentence, as opposed to those in a word, are a pause.
  const plain = text
    .normalize("NFKC")
    .replace(/[‘’]/g, "'")
    .replace(/\s+[-–—]+\s+|--+|[–—]/g, " — ")
    .replace(/\.{2,}/g, "…")
    .replace(/[!?]+/g, (marks) => (marks.includes("?") ? "?" : "!"));
  for (const chunk of plain.split(/\s+/).filter((part) => part !== "")) tokens.push(...chunkTokens(chunk));
  return tokens;
}

function chunkTokens(chunk: string): Token[] {
  const leading = DOTTED.test(chunk) ? "" : (LEADING.exec(chunk)?.[0] ?? "");
  const rest = chunk.slice(leading.length);
  const trailing = trailingOf(rest);
  const core = rest.slice(0, rest.length - trailing.length);
  const tokens: Token[] = [...marks(leading), ...coreTokens(core), ...marks(trailing)];
  return tokens.map((token, i) => ({ ...token, spaced: i === 0 }));
}

/** What follows a word; the stop of an abbreviation is part of it. */
function trailingOf(rest: string): string {
  const trailing = TRAILING.exec(rest)?.[0] ?? "";
  if (!trailing.startsWith(".")) return trailing;
  const withStop = rest.slice(0, rest.length - trailing.length + 1);
  return DOTTED.test(withStop) || SHORT_FORM.test(withStop) ? trailing.slice(1) : trailing;
}

function coreTokens(core: string): Token[] {
  if (core === "") return [];
  if (DOTTED.test(core)) return [{ kind: "letters", text: core.replaceAll(".", ""), spaced: false }];
  if (SHORT_FORM.test(core)) return [{ kind: "word", text: core, spaced: false }];
  if (!WORDS.test(core)) return [{ kind: "other", text: core, spaced: false }];
  return core
    .split("-")
    .flatMap((part) => part.split(CAMEL))
    .map((text) => ({ kind: "word", text, spaced: false }));
}

function marks(text: string): Token[] {
  return [...text].filter((mark) => MARKS.includes(mark)).map((mark) => ({ kind: "mark", text: mark, spaced: false }));
}
