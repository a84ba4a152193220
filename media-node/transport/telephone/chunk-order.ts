/**
 * Puts a call's media into its order: providers that number it may deliver a piece late, or twice. What is in order passes at
 * once; a missing piece is waited for as long as a few later ones take to come, and then done without.
 */

/** Pieces that may overtake a missing one: 60 ms of a call. Telnyx promises no order, and shows little disorder. */
const MAX_WAITING = 3;
/** So many in a row that are too late are not late: the count has begun anew. Half a second of a call. */
const MAX_LATE = 25;

export class ChunkOrder<T> {
  readonly #onPiece: (piece: T) => void;
  readonly #waiting = new Map<number, T>();
  /** The number expected next. Undefined before the first: calls that are resumed need not begin with 1. */
  #next: number | undefined;
  #late = 0;

  constructor(onPiece: (piece: T) => void) {
    this.#onPiece = onPiece;
  }

  /** @param chunk its number; null where the provider does not count: it passes as it comes. */
  push(chunk: number | null, piece: T): void {
    if (chunk === null) {
      this.#onPiece(piece);
      return;
    }
    this.#next ??= chunk;
    if (chunk < this.#next) {
      this.#late += 1;
      // Twice, or too late: its time is over.
      if (this.#late < MAX_LATE) return;
      this.#waiting.clear();
      this.#next = chunk;
    }
    this.#late = 0;
    this.#waiting.set(chunk, piece);
    this.#pass();
    while (this.#waiting.size > MAX_WAITING) {
      this.#next = Math.min(...this.#waiting.keys());
      this.#pass();
    }
  }

  #pass(): void {
    for (let next = this.#next ?? 0; ; next += 1) {
      this.#next = next;
      const piece = this.#waiting.get(next);
      if (piece === undefined) return;
      this.#waiting.delete(next);
      this.#onPiece(piece);
    }
  }
}
