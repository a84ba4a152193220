/** A bounded queue with an awaitable end: what a handler needs between `receive` and `emit`. */

import { type Clock, systemClock } from "../time/clock.ts";

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

  /**
   * The next item, as soon as there is one; undefined once the queue is closed.
   * @param signal ends the wait: the item is then for whoever waits next.
   */
  next(signal?: AbortSignal): T | Promise<T | undefined> | undefined {
    const item = this.#items.shift();
    if (item !== undefined || this.#state === "closed" || signal?.aborted === true) return item;
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        resolve(undefined);
      };
      const waiter = (next: T | undefined): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve(next);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiters.push(waiter);
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

/**
 * FastRTC's `wait_for_item`: the queue's next item, or undefined where none comes in time, so that `emit` is not held up.
 * @param timeout longest wait, in **seconds**. Default 0.1.
 */
export async function waitForItem<T>(
  queue: AsyncQueue<T>,
  timeout = 0.1,
  clock: Clock = systemClock,
): Promise<T | undefined> {
  const stop = new AbortController();
  const timer = clock.after(timeout * 1_000, () => stop.abort());
  try {
    return await queue.next(stop.signal);
  } finally {
    timer.cancel();
  }
}
