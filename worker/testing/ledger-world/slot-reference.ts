/** What a limit must do, told apart from how it does it: no session lives without a slot, and no slot is lost. */

export class SlotReference {
  #limit: number;
  /** Slots that may be in use: the limit, or what was in use when it was lowered. */
  #ceiling: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#ceiling = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  /** It counts from the next look on: who has a slot keeps it. */
  changeLimit(limit: number): void {
    this.#limit = limit;
  }

  /**
   * Holds the ledger's leases and held slots against the sessions that live on nodes.
   * @throws if there are too many, or one without a lease.
   */
  observe(leased: ReadonlySet<string>, held: number, alive: readonly string[]): void {
    const taken = leased.size + held;
    this.#ceiling = Math.max(this.#limit, Math.min(this.#ceiling, taken));
    if (taken > this.#ceiling) throw new Error(`${taken} slots are taken or held, ${this.#ceiling} are there`);
    if (alive.length > this.#ceiling) throw new Error(`${alive.length} sessions live, ${this.#ceiling} may`);
    const outlaw = alive.find((sid) => !leased.has(sid));
    if (outlaw !== undefined) throw new Error(`${outlaw} lives, and its slot is free`);
  }

  /** Once nothing is on its way any more. @throws if a slot has leaked. */
  observeAtRest(leased: ReadonlySet<string>, alive: readonly string[]): void {
    const leases = [...leased].sort().join();
    const living = [...alive].sort().join();
    if (leases !== living) throw new Error(`leases of [${leases}], alive are [${living}]`);
  }
}
