/** Which packet numbers have been seen (RFC 6347 §4.1.2.6, RFC 3711 §3.3.2): a copy of an old packet is not taken twice. */

/** Packets that may arrive behind the newest one; the RFCs ask for 64. */
const WINDOW = 64;

export class ReplayWindow {
  /** The number last seen in each slot, by `number % WINDOW`. */
  readonly #seen = new Float64Array(WINDOW).fill(-1);
  #newest = -1;

  /** Whether the packet may be taken, as far as its number goes. To be asked before it is authenticated. */
  allows(number: number): boolean {
    return number > this.#newest - WINDOW && this.#seen[number % WINDOW] !== number;
  }

  /** To be called once the packet is authenticated. */
  add(number: number): void {
    this.#seen[number % WINDOW] = number;
    if (number > this.#newest) this.#newest = number;
  }
}
