/** The terminal in which questions are asked. */
import { createInterface } from "node:readline/promises";

export interface Terminal {
  /** Rejects where the terminal is closed instead of an answer: Ctrl-C, Ctrl-D. */
  question(text: string): Promise<string>;
  close(): void;
}

export function openTerminal(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Terminal {
  const lines = createInterface({ input, output });
  const closed = new AbortController();
  // Of itself a question waits for ever then, and Node ends the process in its own words.
  lines.once("close", () => closed.abort());
  return {
    question: async (text) => {
      try {
        return await lines.question(text, { signal: closed.signal });
      } catch (cause) {
        throw new Error("Nothing was made.", { cause });
      }
    },
    close: () => lines.close(),
  };
}
