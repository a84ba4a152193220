/** Typed texts that wait for a call to their stream to be connected. */

/** Texts that wait; the oldest go first. */
export const MAX_UNSENT = 20;

export interface Unsent {
  readonly stream: string;
  readonly texts: readonly string[];
}

export const NOTHING_UNSENT: Unsent = { stream: "", texts: [] };

/** What waits for another stream is given up. */
export function withText(unsent: Unsent, stream: string, text: string): Unsent {
  const before = unsent.stream === stream ? unsent.texts : [];
  return { stream, texts: [...before, text].slice(-MAX_UNSENT) };
}

/**
 * Sends in order what waits.
 * @param send may throw: that text and those behind it go on waiting.
 * @returns what still waits, and what was thrown.
 */
export function sendAll(
  unsent: Unsent,
  send: (text: string) => void,
): { readonly left: Unsent; readonly fault?: unknown } {
  for (const [index, text] of unsent.texts.entries()) {
    try {
      send(text);
    } catch (fault) {
      return { left: { ...unsent, texts: unsent.texts.slice(index) }, fault };
    }
  }
  return { left: NOTHING_UNSENT };
}
