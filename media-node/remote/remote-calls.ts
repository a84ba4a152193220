/**
 * Calls of a model that somebody else runs: so many at once, each with a time limit, given up when nobody wants the result, and
 * every failure an error of the catalogue.
 */
import { EdgeRtcError } from "../../shared/errors.ts";
import { type Clock, systemClock, type Timer } from "../time/clock.ts";

/** Calls at once, of all sessions of a process. Past it the model is overloaded. */
export const MAX_RUNNING_CALLS = 64;
/** Default of `timeoutMs`. */
export const CALL_TIMEOUT_MS = 20_000;

export interface RemoteCallsOptions {
  /** What the model is called in errors. */
  readonly name: string;
  readonly overloaded: "stt_overloaded" | "tts_overloaded" | "remote_model_failed";
  /** Longest wait for a result, or for the next piece of one. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** A failed answer of an HTTP API. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  readonly statusCode: number;

  /** @param body the beginning of what the provider said; for the log, not for callers. */
  constructor(statusCode: number, body: string) {
    super(`HTTP ${statusCode}: ${body}`);
    this.statusCode = statusCode;
  }
}

export class RemoteCalls {
  readonly #options: RemoteCallsOptions;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #running = 0;

  constructor(options: RemoteCallsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timeoutMs = options.timeoutMs ?? CALL_TIMEOUT_MS;
  }

  /**
   * One call with one result.
   * @param work gets a signal that aborts when the result is not wanted any more; it may ignore it.
   * @throws EdgeRtcError `overloaded`'s code, `remote_model_refused`, `remote_model_failed`, `remote_model_timeout`, what
   *   `work` throws of the catalogue; the signal's reason.
   */
  async run<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => PromiseLike<T>): Promise<T> {
    const call = this.#begin(signal);
    try {
      return await call.race(() => work(call.signal));
    } finally {
      call.end();
    }
  }

  /**
   * One call whose result comes in pieces; the time limit is for each. It begins with the first that is asked for, and ends
   * with the last, or at once when the iterator is returned, even while a piece is being waited for. @throws as {@link run}.
   */
  stream<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => PromiseLike<AsyncIterable<T>>,
  ): AsyncIterableIterator<T> {
    return new CallStream(() => this.#begin(signal), work);
  }

  #begin(signal: AbortSignal | undefined): Call {
    signal?.throwIfAborted();
    if (this.#running >= MAX_RUNNING_CALLS) {
      throw new EdgeRtcError(this.#options.overloaded, `${this.#options.name} has ${this.#running} calls under way.`);
    }
    this.#running += 1;
    return new Call({
      name: this.#options.name,
      timeoutMs: this.#timeoutMs,
      clock: this.#clock,
      signal,
      onEnd: () => {
        this.#running -= 1;
      },
    });
  }
}

interface CallOptions {
  readonly name: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  readonly onEnd: () => void;
}

class Call {
  readonly #options: CallOptions;
  readonly #controller = new AbortController();
  readonly #aborted = Promise.withResolvers<never>();
  readonly #abort = () => this.#stop(this.#options.signal?.reason);

  constructor(options: CallOptions) {
    this.#options = options;
    this.#aborted.promise.catch(ignore);
    options.signal?.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The step's outcome, or that the call is over. */
  async race<T>(step: () => PromiseLike<T>): Promise<T> {
    const { name, timeoutMs, clock, signal } = this.#options;
    let timer: Timer | undefined;
    try {
      timer = clock.after(timeoutMs, () =>
        this.#stop(new EdgeRtcError("remote_model_timeout", `${name} did not answer.`)),
      );
      const outcome = Promise.resolve(step());
      // One that loses the race may still fail, to nobody.
      outcome.catch(ignore);
      return await Promise.race([outcome, this.#aborted.promise]);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw named(error, name);
    } finally {
      timer?.cancel();
    }
  }

  end(): void {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#stop(new DOMException("The result is not wanted any more.", "AbortError"));
    this.#options.onEnd();
  }

  #stop(reason: unknown): void {
    this.#aborted.reject(reason);
    this.#controller.abort(reason);
  }
}

class CallStream<T> implements AsyncIterableIterator<T> {
  readonly #begin: () => Call;
  readonly #work: (signal: AbortSignal) => PromiseLike<AsyncIterable<T>>;
  #call: Call | undefined;
  #pieces: AsyncIterator<T> | undefined;
  #ended = false;

  constructor(begin: () => Call, work: (signal: AbortSignal) => PromiseLike<AsyncIterable<T>>) {
    this.#begin = begin;
    this.#work = work;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** To be awaited before it is called again. */
  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#ended) return DONE;
    try {
      this.#call ??= this.#begin();
      const call = this.#call;
      this.#pieces ??= (await call.race(() => this.#work(call.signal)))[Symbol.asyncIterator]();
      const pieces = this.#pieces;
      const step = await call.race(() => pieces.next());
      if (step.done !== true) return { done: false, value: step.value };
    } catch (error) {
      const wanted = !this.#ended;
      this.#end();
      if (wanted) throw error;
    }
    this.#end();
    return DONE;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return DONE;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#call?.end();
    // Told, not awaited: it may wait for a server that says nothing.
    Promise.resolve(this.#pieces?.return?.()).catch(ignore);
  }
}

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined };

/** The provider's own words stay in the cause: they may hold what callers must not see. */
function named(error: unknown, name: string): EdgeRtcError {
  if (error instanceof EdgeRtcError) return error;
  const status = statusOf(error);
  const refused = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
  const what = status === undefined ? `${name} failed.` : `${name} answered with HTTP ${status}.`;
  return new EdgeRtcError(refused ? "remote_model_refused" : "remote_model_failed", what, { cause: error });
}

/** Errors of the AI SDK carry it under the same name as ours. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}

function ignore(): void {
  // Nobody waits for it.
}
