/**
 * A caller's state as one run of a reply function sees it: what it sets is seen by nobody else before the run counts, and is gone where it
 * does not, because the user went on.
 */

interface Change {
  readonly value: unknown;
  readonly deleted: boolean;
}

export class TentativeState extends Map<string, unknown> {
  readonly #state: Map<string, unknown>;
  /** Set in this run; undefined once that is the caller's state. */
  #changes: Map<string, Change> | undefined = new Map();

  /** @param state the caller's. */
  constructor(state: Map<string, unknown>) {
    super();
    this.#state = state;
  }

  /** The run counts: what it has set is the caller's state, and so is whatever it sets from now on. */
  keep(): void {
    const changes = this.#changes;
    this.#changes = undefined;
    for (const [key, { value, deleted }] of changes ?? []) {
      if (deleted) this.#state.delete(key);
      else this.#state.set(key, value);
    }
  }

  override get size(): number {
    return this.#seen().size;
  }

  override get(key: string): unknown {
    const change = this.#changes?.get(key);
    return change === undefined ? this.#state.get(key) : change.value;
  }

  override has(key: string): boolean {
    const change = this.#changes?.get(key);
    return change === undefined ? this.#state.has(key) : !change.deleted;
  }

  override set(key: string, value: unknown): this {
    if (this.#changes === undefined) this.#state.set(key, value);
    else this.#changes.set(key, { value, deleted: false });
    return this;
  }

  override delete(key: string): boolean {
    const had = this.has(key);
    if (this.#changes === undefined) this.#state.delete(key);
    else this.#changes.set(key, { value: undefined, deleted: true });
    return had;
  }

  override clear(): void {
    for (const key of this.#seen().keys()) this.delete(key);
  }

  override forEach(visit: (value: unknown, key: string, map: Map<string, unknown>) => void, thisArg?: unknown): void {
    for (const [key, value] of this.#seen()) visit.call(thisArg, value, key, this);
  }

  override entries(): MapIterator<[string, unknown]> {
    return this.#seen().entries();
  }

  override keys(): MapIterator<string> {
    return this.#seen().keys();
  }

  override values(): MapIterator<unknown> {
    return this.#seen().values();
  }

  override [Symbol.iterator](): MapIterator<[string, unknown]> {
    return this.entries();
  }

  /** All of it, as it is now. */
  #seen(): Map<string, unknown> {
    const seen = new Map(this.#state);
    for (const [key, { value, deleted }] of this.#changes ?? []) {
      if (deleted) seen.delete(key);
      else seen.set(key, value);
    }
    return seen;
  }
}
