/** What recovery.ts tries, one after another, until something arrives again: restart.ts or rejoin.ts. */

export interface Attempt {
  /**
   * Settles when the edge has answered: the browser looks for the path from then on.
   * @throws CallError the edge's refusal, or `edge_unreachable`.
   */
  run(sid: string): Promise<void>;
  /** It is over, whichever way it went. */
  close(): void;
}
