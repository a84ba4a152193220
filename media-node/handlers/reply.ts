/** One run of a reply function: its values one by one, stoppable at any moment, whatever the function does. */
import { EdgeRtcError } from "../../shared/errors.ts";
import type { Clock } from "../time/clock.ts";
import { bindToContext } from "./current-context.ts";
import { type Emission, readEmission } from "./emission.ts";

/** What a reply function may be: an async or plain generator, or a function that returns one value. */
export type ReplyResult = AsyncIterable<Emission> | Iterable<Emission> | Promise<Emission> | Emission;

export type ReplyStep = { readonly done: false; readonly value: Emission } | { readonly done: true };

const DONE: ReplyStep = { done: true };

/** Values taken while it is open whether they are wanted: what comes before the first sound is a few outputs. */
const MAX_AHEAD = 16;

export interface ReplyLimit {
  readonly clock: Clock;
  /** Longest wait for a value; null is none. */
  readonly timeoutMs: number | null;
  /** Whether it is open if the reply is wanted, until it is confirmed or aborted. Default: it is. */
  readonly ahead?: boolean;
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
  /** What the function has given while it was open whether that is wanted; the last may still be on its way. */
  readonly #ahead: Promise<ReplyStep>[] = [];
  #stage: "open" | "ready" | "decided" = "open";

  /** @param start calls the developer's function; called at the first {@link next}. */
  constructor(start: (signal: AbortSignal) => ReplyResult, limit: ReplyLimit) {
    this.#start = start;
    this.#limit = limit;
    if (limit.ahead !== true) this.confirm();
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
    this.#stage = "decided";
    this.#confirmation.resolve();
  }

  /** True where it is open whether the reply is wanted and more time would not help: it has its first sound, is over, or has failed. */
  get ready(): boolean {
    return this.#stage === "ready";
  }

  /**
   * The next value, once it is known that the reply is wanted; done when the function is, or at once when aborted. Meanwhile the function
   * runs up to its first sound.
   * @throws what the function throws; EdgeRtcError `handler_timeout` where it gives nothing in time.
   */
  async next(): Promise<ReplyStep> {
    if (this.#stage === "open" && this.#ahead.length === 0) void this.#runAhead();
    // Also where somebody asks again, having given up on the first answer.
    if (this.#stage !== "decided") await this.confirmed.catch(ignore);
    if (this.signal.aborted) return DONE;
    return await (this.#ahead.shift() ?? this.#step());
  }

  /** Never rejects. */
  async #runAhead(): Promise<void> {
    while (this.#stage === "open") {
      const step = this.#step();
      this.#ahead.push(step);
      const last = await step.then(isLastAhead).catch(() => true);
      if (this.#stage === "open" && (last || this.#ahead.length === MAX_AHEAD)) this.#stage = "ready";
    }
  }

  async #step(): Promise<ReplyStep> {
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
    this.#stage = "decided";
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

/** Whether the function need not run on before it is known that its reply is wanted. */
function isLastAhead(step: ReplyStep): boolean {
  return step.done || readEmission(step.value).audio !== undefined;
}

/** What an abandoned reply still throws has no turn to fail any more. */
function ignore(): void {
  // Nothing to do.
}
