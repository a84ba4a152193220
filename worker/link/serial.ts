/** Runs pieces of work one after the other, in the order they came. */
export class Serial {
  #last: Promise<void> = Promise.resolve();

  /** @param work must not throw: what fails handles it itself. */
  run(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work);
    return this.#last;
  }
}
