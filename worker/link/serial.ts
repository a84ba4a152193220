/** Runs pieces of work one after the other, in the order they came. */
export class Serial {
  #last: Promise<void> = Promise.resolve();

  /** A piece that fails fails for its caller only: the next one runs all the same. */
  run(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work, work);
    return this.#last;
  }
}
