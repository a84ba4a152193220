/** Code in pieces of a kind each, for its colours: enough for snippets of three languages, and no parser. */
import type { Snippet } from "./snippets.ts";

export interface Piece {
  readonly kind: "comment" | "string" | "keyword" | "plain";
  readonly text: string;
}

const KEYWORDS =
  /\b(?:async|await|class|const|else|export|extends|for|function|if|import|from|let|new|of|return|throw|typeof|void|npx|curl)\b/;
const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/;

const PATTERNS: Readonly<Record<Snippet["language"], RegExp>> = {
  ts: pattern(/\/\/[^\n]*/),
  tsx: pattern(/\/\/[^\n]*/),
  js: pattern(/\/\/[^\n]*/),
  sh: pattern(/(?<=^|\n)#[^\n]*/),
};

function pattern(comment: RegExp): RegExp {
  const groups = [`(?<string>${STRING.source})`, `(?<comment>${comment.source})`, `(?<keyword>${KEYWORDS.source})`];
  return new RegExp(groups.join("|"), "g");
}

export function highlight(code: string, language: Snippet["language"]): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of code.matchAll(PATTERNS[language])) {
    if (match.index > end) pieces.push({ kind: "plain", text: code.slice(end, match.index) });
    const { comment, string } = match.groups ?? {};
    pieces.push({
      kind: comment !== undefined ? "comment" : string !== undefined ? "string" : "keyword",
      text: match[0],
    });
    end = match.index + match[0].length;
  }
  pieces.push({ kind: "plain", text: code.slice(end) });
  return pieces;
}
