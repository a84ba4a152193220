/**
 * A worker thread that a speech engine runs in: started when first needed, started anew after a crash (but not in a loop),
 * and ended for good by `close`. What is said over it is the engine's business.
 */
import { type Transferable, Worker } from "node:worker_threads";
import { EdgeRtcError } from "../../shared/errors.ts";
import type { Clock } from "../time/clock.ts";
import { NativeGate } from "./native-gate.ts";

/** A thread that fails twice within this time is not tried again before it is over. */
export const RESTART_PAUSE_MS = 10_000;

/**
 * Time a thread has to end by itself once it is told to; far more than any step of its work. It is not simply terminated:
 * ONNX Runtime, interrupted in a run, takes the whole process down.
 */
export const CLOSE_GRACE_MS = 10_000;

/** A worker says this once it has loaded its model and can take work. */
export const READY = "ready";
/** A worker is told this to end: it closes its port, and with that itself once its step is done. */
export const CLOSE = "close";

/** What a thread is started with. */
export interface ThreadProgram {
  readonly url: URL;
  /** The thread's own data: see `workerStart`. */
  readonly data: unknown;
}

/** @param signal aborts when the thread is not wanted any more. */
export type LoadProgram = (signal: AbortSignal) => Promise<ThreadProgram>;

export interface EngineThreadOptions {
  /** Shown by debuggers and profilers. */
  readonly name: string;
  /** Prepares a start, such as by fetching the model. Called at each start. */
  readonly load: LoadProgram;
  readonly onMessage: (message: unknown) => void;
  /** The thread failed to start, or died. The next `start` makes a new one. */
  readonly onDown: (error: Error) => void;
  readonly clock: Clock;
}

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "starting"; readonly ready: Promise<void>; readonly stop: AbortController }
  | { readonly kind: "running"; readonly worker: Worker }
  | { readonly kind: "closed" };

export class EngineThread {
  readonly #options: EngineThreadOptions;
  #state: State = { kind: "idle" };
  /** Times of the last two failures, newest first. */
  #failures: { readonly error: Error; readonly atMs: number }[] = [];
  #held = false;

  constructor(options: EngineThreadOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#state.kind === "running";
  }

  /**
   * Resolves when the thread can take work.
   * @throws EdgeRtcError `speech_stopped` when it is closed, dies while starting, or has just failed twice; what `load`
   *   throws.
   */
  start(): Promise<void> {
    const state = this.#state;
    if (state.kind === "running") return Promise.resolve();
    if (state.kind === "starting") return state.ready;
    if (state.kind === "closed") return Promise.reject(this.#stopped("is closed"));
    const [last, previous] = this.#failures;
    if (last !== undefined && previous !== undefined) {
      if (this.#options.clock.nowMs() - previous.atMs < RESTART_PAUSE_MS) return Promise.reject(last.error);
    }
    const stop = new AbortController();
    const ready = this.#launch(stop.signal);
    this.#state = { kind: "starting", ready, stop };
    return ready;
  }

  /** Sends a message to a running thread. @returns false when it is not running. */
  post(message: unknown, transfer: readonly Transferable[] = []): boolean {
    if (this.#state.kind !== "running") return false;
    this.#state.worker.postMessage(message, transfer);
    return true;
  }

  /** Whether the thread keeps the process alive: true while somebody waits for its work. */
  hold(held: boolean): void {
    this.#held = held;
    if (this.#state.kind === "running") keepAlive(this.#state.worker, held);
  }

  /** Ends the thread for good, after the step it is in. Resolves when it is gone. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if (state.kind === "running") await this.#end(state.worker);
    if (state.kind === "starting") {
      state.stop.abort();
      await Promise.allSettled([state.ready]);
    }
  }

  /**
   * Leaves the thread to itself: it ends for good whenever its step is done, which may be never, and does not keep the process
   * alive. Resolves when it is gone.
   */
  async abandon(): Promise<void> {
    const state = this.#state;
    if (state.kind !== "running") return this.close();
    this.#state = { kind: "closed" };
    const gone = exitOf(state.worker);
    keepAlive(state.worker, false);
    state.worker.postMessage(CLOSE);
    await gone;
  }

  async #launch(stop: AbortSignal): Promise<void> {
    try {
      const { url, data } = await this.#options.load(stop);
      stop.throwIfAborted();
      const gate = new NativeGate();
      const worker = new Worker(url, {
        name: this.#options.name,
        workerData: { gate: gate.memory, data },
        // The process's own flags are for its own program.
        execArgv: [],
      });
      const shut = () => gate.shut();
      process.once("exit", shut);
      worker.once("exit", () => process.off("exit", shut));
      await this.#untilReady(worker, stop);
      this.#state = { kind: "running", worker };
      keepAlive(worker, this.#held);
    } catch (cause) {
      const error = stop.aborted ? this.#stopped("is closed") : asError(cause);
      if (!stop.aborted) this.#failed(error);
      throw error;
    }
  }

  /** From the first moment on the worker has its listeners: an error without one would end the process. */
  #untilReady(worker: Worker, stop: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let failure: Error | undefined;
      const abort = () => {
        void this.#end(worker);
      };
      stop.addEventListener("abort", abort, { once: true });
      worker.on("message", (message: unknown) => {
        if (message !== READY) this.#options.onMessage(message);
        // One that is not wanted any more is on its way out: its end is what is waited for.
        else if (!stop.aborted) resolve();
      });
      worker.on("error", (error) => {
        failure = asError(error);
      });
      worker.on("exit", (code) => {
        stop.removeEventListener("abort", abort);
        const error = this.#stopped(`thread ended (${failure?.message ?? `code ${code}`})`, failure);
        reject(error);
        if (this.#state.kind === "running" && this.#state.worker === worker) this.#failed(error);
      });
    });
  }

  async #end(worker: Worker): Promise<void> {
    const gone = exitOf(worker);
    keepAlive(worker, true);
    worker.postMessage(CLOSE);
    const grace = this.#options.clock.after(CLOSE_GRACE_MS, () => {
      void worker.terminate();
    });
    await gone;
    grace.cancel();
  }

  #failed(error: Error): void {
    this.#failures = [{ error, atMs: this.#options.clock.nowMs() }, ...this.#failures.slice(0, 1)];
    this.#state = { kind: "idle" };
    this.#options.onDown(error);
  }

  #stopped(what: string, cause?: Error): EdgeRtcError {
    return new EdgeRtcError("speech_stopped", `The ${this.#options.name} ${what}.`, { cause });
  }
}

function exitOf(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
  });
}

function keepAlive(worker: Worker, held: boolean): void {
  if (held) worker.ref();
  else worker.unref();
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
