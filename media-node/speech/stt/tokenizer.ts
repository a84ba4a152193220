/** Turns the tokens Moonshine writes back into text: the decoding half of Llama's tokenizer. */

/** Where the pieces are in the tokenizer's source: base64 of one piece per line. */
const VOCABULARY = /llama_vocab_base64\s*=\s*"([A-Za-z0-9+/=]+)"/;
const BYTE_PIECE = /^<0x([0-9A-F]{2})>$/;
/** `<unk>`, `<s>` and `</s>`: no text. */
const FIRST_TEXT_TOKEN = 3;

export type Detokenize = (tokens: readonly number[]) => string;

/**
 * Reads the pieces out of the source of llama-tokenizer-js, as text: none of it is run.
 * @throws Error when they are not in it.
 */
export function readTokenizer(source: string): Detokenize {
  const encoded = VOCABULARY.exec(source)?.[1];
  if (encoded === undefined) throw new Error("The tokenizer's file has no vocabulary.");
  const pieces = Buffer.from(encoded, "base64").toString("utf8").split("\n");

  return (tokens) => {
    const parts: Buffer[] = [];
    for (const token of tokens) {
      // Moonshine has more ids than Llama has pieces: they stand for no text.
      const piece = token < FIRST_TEXT_TOKEN ? undefined : pieces[token];
      if (piece === undefined) continue;
      const byte = BYTE_PIECE.exec(piece)?.[1];
      parts.push(byte === undefined ? Buffer.from(piece.replaceAll("▁", " ")) : Buffer.from(byte, "hex"));
    }
    return Buffer.concat(parts).toString("utf8").trim();
  };
}
