/** A bounded queue with an awaitable end: what a handler needs between `receive` and `emit`. */

/** 10 s of 20 ms frames. */
const DEFAULT_LIMIT = 500;

export class AsyncQueue<T> {
  readonly #limit: number;
  readonly #items: T[] = [];
  readonly #waiters: ((item: T | undefined) => void)[] = [];
  #state: "open" | "closed" = "open";
  /** Items dropped because the queue was full, since the start. */
  dropped = 0;

  /** @param limit items kept; past it the oldest is dropped. Default 500. */
  constructor(limit = DEFAULT_LIMIT) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#state === "closed") return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter(item);
      return;
    }
    this.#items.push(item);
    if (this.#items.length > this.#limit) {
      this.#items.shift();
      this.dropped += 1;
    }
  }

  /** The next item, as soon as there is one; undefined once the queue is closed. */
  next(): T | Promise<T | undefined> | undefined {
    const item = this.#items.shift();
    if (item !== undefined || this.#state === "closed") return item;
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** Drops what is left and settles everyone who waits. */
  close(): void {
    this.#state = "closed";
    this.clear();
    for (const waiter of this.#waiters.splice(0)) waiter(undefined);
  }
}
