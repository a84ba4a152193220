/** CMU Flite without its voice: puts numbers and symbols into words, and knows how to say words that it has never seen. */
import { runWasi } from "../memory-wasi.ts";
import type { FrontEnd } from "./phonemize.ts";

/** Answers kept: the same names and numbers come again in a conversation. */
const MAX_KEPT = 2_000;
/** Longer than any number or address that is worth reading out. */
const MAX_CHARS = 200;

export class FliteFrontEnd implements FrontEnd {
  readonly #module: WebAssembly.Module;
  readonly #kept = new Map<string, readonly string[]>();

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  words(text: string): readonly string[] {
    return this.#ask("-pw", text);
  }

  phones(word: string): readonly string[] {
    return this.#ask("-ps", word).filter((phone) => phone !== "pau");
  }

  /** Flite reads ASCII: accents are taken off, and other scripts are silence. */
  #ask(option: "-pw" | "-ps", text: string): readonly string[] {
    const plain = text
      .slice(0, MAX_CHARS)
      .normalize("NFD")
      .replace(/[^\x20-\x7e]/g, "");
    if (plain === "") return [];
    const key = `${option} ${plain}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    // A text that begins with a dash is no option here: it follows `-t`.
    const { stdout } = runWasi(this.#module, ["flite", "-voice", "slt", option, "-t", plain, "-o", "none"]);
    const answer = stdout.split(/\s+/).filter((part) => part !== "");
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, answer);
    return answer;
  }
}
