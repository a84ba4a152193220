/** One run of a reply function: its values one by one, stoppable at any moment, whatever the function does. */
import { EdgeRtcError } from "../../shared/errors.ts";
import type { Clock, Timer } from "../time/clock.ts";
import type { Emission } from "./emission.ts";

/** What a reply function may be: an async or plain generator, or a function that returns one value. */
export type ReplyResult = AsyncIterable<Emission> | Iterable<Emission> | Promise<Emission> | Emission;

export type ReplyStep = { readonly done: false; readonly value: Emission } | { readonly done: true };

const DONE: ReplyStep = { done: true };

export interface ReplyLimit {
  readonly clock: Clock;
  /** Longest wait for a value. */
  readonly timeoutMs: number;
}

export class Reply {
  readonly #controller = new AbortController();
  readonly #aborted: Promise<ReplyStep>;
  #iterator: AsyncIterator<Emission> | Iterator<Emission> | undefined;
  readonly #start: (signal: AbortSignal) => ReplyResult;
  readonly #limit: ReplyLimit;

  /** @param start calls the developer's function; called at the first {@link next}. */
  constructor(start: (signal: AbortSignal) => ReplyResult, limit: ReplyLimit) {
    this.#start = start;
    this.#limit = limit;
    this.#aborted = new Promise((resolve) => {
      this.#controller.signal.addEventListener("abort", () => resolve(DONE), { once: true });
    });
  }

  /** The signal the developer's function gets. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * The next value; done when the function is, or at once when aborted.
   * @throws what the function throws; EdgeRtcError `handler_timeout` where it gives nothing in time.
   */
  async next(): Promise<ReplyStep> {
    if (this.signal.aborted) return DONE;
    this.#iterator ??= iterate(this.#start(this.signal));
    // A function that ignores its signal must not hold the turn: whatever it does later is nobody's.
    const step = Promise.resolve(this.#iterator.next());
    step.catch(ignore);
    const { promise: late, timer } = this.#late();
    try {
      const result = await Promise.race([step, this.#aborted, late]);
      return result.done === true ? DONE : { done: false, value: result.value };
    } finally {
      timer.cancel();
    }
  }

  #late(): { readonly promise: Promise<never>; readonly timer: Timer } {
    const { promise, reject } = Promise.withResolvers<never>();
    const { clock, timeoutMs } = this.#limit;
    return { promise, timer: clock.after(timeoutMs, () => reject(new EdgeRtcError("handler_timeout"))) };
  }

  /** Stops the function: signal first, then its `finally` blocks. */
  abort(): void {
    if (this.signal.aborted) return;
    this.#controller.abort();
    const returned = this.#iterator?.return?.();
    if (returned instanceof Promise) returned.catch(ignore);
  }
}

/** Runs `start` once `ready` has settled: its values are the reply's. */
export async function* afterReady<T>(ready: Promise<T>, start: (value: T) => ReplyResult): AsyncGenerator<Emission> {
  const iterator = iterate(start(await ready));
  try {
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) yield step.value;
  } finally {
    await iterator.return?.();
  }
}

function iterate(result: ReplyResult): AsyncIterator<Emission> | Iterator<Emission> {
  if (typeof result === "object" && result !== null) {
    if (Symbol.asyncIterator in result) return result[Symbol.asyncIterator]();
    // An array is an emission (FastRTC's tuple), not a list of them.
    if (Symbol.iterator in result && !Array.isArray(result)) return (result as Iterable<Emission>)[Symbol.iterator]();
  }
  return single(result as Emission | Promise<Emission>);
}

async function* single(value: Emission | Promise<Emission>): AsyncGenerator<Emission> {
  yield await value;
}

/** What an abandoned reply still throws has no turn to fail any more. */
function ignore(): void {
  // Nothing to do.
}
