/** One run of a reply function: its values one by one, stoppable at any moment, whatever the function does. */
import { EdgeRtcError } from "../../shared/errors.ts";
import type { Clock } from "../time/clock.ts";
import { bindToContext } from "./current-context.ts";
import type { Emission } from "./emission.ts";

/** What a reply function may be: an async or plain generator, or a function that returns one value. */
export type ReplyResult = AsyncIterable<Emission> | Iterable<Emission> | Promise<Emission> | Emission;

export type ReplyStep = { readonly done: false; readonly value: Emission } | { readonly done: true };

const DONE: ReplyStep = { done: true };

export interface ReplyLimit {
  readonly clock: Clock;
  /** Longest wait for a value; null is none. */
  readonly timeoutMs: number | null;
}

export class Reply {
  readonly #controller = new AbortController();
  readonly #confirmation = Promise.withResolvers<void>();
  /** Ends the wait for a value. */
  #stop: (() => void) | undefined;
  #iterator: AsyncIterator<Emission> | Iterator<Emission> | undefined;
  /** What the function leaves behind runs for its session, whoever stops it. */
  #inContext: <T>(work: () => T) => T = (work) => work();
  readonly #start: (signal: AbortSignal) => ReplyResult;
  readonly #limit: ReplyLimit;

  /** @param start calls the developer's function; called at the first {@link next}. */
  constructor(start: (signal: AbortSignal) => ReplyResult, limit: ReplyLimit) {
    this.#start = start;
    this.#limit = limit;
    // Most replies have nobody who waits for it.
    this.confirmed.catch(ignore);
  }

  /** The signal the developer's function gets. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Settles once the reply is known to be wanted; rejects when it is aborted before. */
  get confirmed(): Promise<void> {
    return this.#confirmation.promise;
  }

  confirm(): void {
    this.#confirmation.resolve();
  }

  /** Settles once it is known whether the reply is wanted. */
  async decided(): Promise<void> {
    await this.confirmed.catch(ignore);
  }

  /**
   * The next value; done when the function is, or at once when aborted.
   * @throws what the function throws; EdgeRtcError `handler_timeout` where it gives nothing in time.
   */
  async next(): Promise<ReplyStep> {
    if (this.signal.aborted) return DONE;
    if (this.#iterator === undefined) {
      this.#inContext = bindToContext();
      this.#iterator = iterate(this.#start(this.signal));
    }
    // A function that ignores its signal must not hold the turn: whatever it does later is nobody's.
    const { promise, resolve, reject } = Promise.withResolvers<ReplyStep>();
    this.#stop = () => resolve(DONE);
    Promise.resolve(this.#iterator.next()).then(
      (result) => resolve(result.done === true ? DONE : { done: false, value: result.value }),
      reject,
    );
    const { clock, timeoutMs } = this.#limit;
    const late = (): void => reject(new EdgeRtcError("handler_timeout"));
    const timer = timeoutMs === null ? undefined : clock.after(timeoutMs, late);
    try {
      return await promise;
    } finally {
      timer?.cancel();
      this.#stop = undefined;
    }
  }

  /** Stops the function: signal first, then its `finally` blocks. */
  abort(): void {
    if (this.signal.aborted) return;
    this.#inContext(() => this.#controller.abort());
    this.#confirmation.reject(this.signal.reason);
    this.#stop?.();
    try {
      const returned = this.#inContext(() => this.#iterator?.return?.());
      if (returned instanceof Promise) returned.catch(ignore);
    } catch {
      // An iterator of the developer's own that fails to stop is abandoned all the same.
    }
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
