/** Where and how Python's `json.loads` would fail on a text, because FastAPI's 422 body says so and clients compare it. */

export interface PythonJsonError {
  readonly position: number;
  readonly message: string;
}

class JsonFault extends Error {
  readonly at: PythonJsonError;
  constructor(position: number, message: string) {
    super(message);
    this.at = { position, message };
  }
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
// Python refuses C0 controls in a string, not the other ones.
const STRING_CHUNK = /(?:[^"\\\p{Cc}]|[\x7f-\x9f])*/uy;
// Python takes the last three as numbers.
const LITERALS = ["null", "true", "false", "NaN", "Infinity", "-Infinity"];
/** Deeper nesting is refused by Python's recursion limit, and by ours. */
const MAX_DEPTH = 200;

/** @returns null if Python would take it, as it does `NaN`, although `JSON.parse` does not. */
export function pythonJsonError(text: string): PythonJsonError | null {
  try {
    const end = skip(text, SPACE, value(text, skip(text, SPACE, 0), 0));
    return end === text.length ? null : { position: end, message: "Extra data" };
  } catch (error) {
    if (error instanceof JsonFault) return error.at;
    throw error;
  }
}

function skip(text: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
}

/** Reads one value from `from` on; returns the index after it. */
function value(text: string, from: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new JsonFault(from, "Expecting value");
  const first = text[from];
  if (first === '"') return string(text, from);
  if (first === "{") return object(text, from, depth);
  if (first === "[") return array(text, from, depth);
  const literal = LITERALS.find((word) => text.startsWith(word, from));
  if (literal !== undefined) return from + literal.length;
  const end = skip(text, NUMBER, from);
  if (end === from) throw new JsonFault(from, "Expecting value");
  return end;
}

function string(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    at = skip(text, STRING_CHUNK, at);
    const stop = text[at];
    if (stop === '"') return at + 1;
    if (stop === undefined) throw new JsonFault(from, "Unterminated string starting at");
    if (stop !== "\\") throw new JsonFault(at, "Invalid control character at");
    at = escaped(text, from, at);
  }
}

function escaped(text: string, from: number, backslash: number): number {
  const letter = text[backslash + 1];
  if (letter === undefined) throw new JsonFault(from, "Unterminated string starting at");
  if (letter !== "u") {
    if (!'"\\/bfnrt'.includes(letter)) throw new JsonFault(backslash, "Invalid \\escape");
    return backslash + 2;
  }
  if (!/^[0-9a-fA-F]{4}$/.test(text.slice(backslash + 2, backslash + 6))) {
    throw new JsonFault(backslash + 1, "Invalid \\uXXXX escape");
  }
  return backslash + 6;
}

function object(text: string, from: number, depth: number): number {
  let at = skip(text, SPACE, from + 1);
  if (text[at] === "}") return at + 1;
  for (;;) {
    if (text[at] !== '"') throw new JsonFault(at, "Expecting property name enclosed in double quotes");
    at = skip(text, SPACE, string(text, at));
    if (text[at] !== ":") throw new JsonFault(at, "Expecting ':' delimiter");
    at = skip(text, SPACE, value(text, skip(text, SPACE, at + 1), depth + 1));
    if (text[at] === "}") return at + 1;
    if (text[at] !== ",") throw new JsonFault(at, "Expecting ',' delimiter");
    at = skip(text, SPACE, at + 1);
  }
}

function array(text: string, from: number, depth: number): number {
  let at = skip(text, SPACE, from + 1);
  if (text[at] === "]") return at + 1;
  for (;;) {
    at = skip(text, SPACE, value(text, at, depth + 1));
    if (text[at] === "]") return at + 1;
    if (text[at] !== ",") throw new JsonFault(at, "Expecting ',' delimiter");
    at = skip(text, SPACE, at + 1);
  }
}
