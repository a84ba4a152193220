/** Jobs for an engine's thread, one at a time: a bounded queue, cancellation, and an answer to everything, crash or not. */
import type { Transferable } from "node:worker_threads";
import { EdgeRtcError } from "../../shared/errors.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { EngineThread, type LoadProgram } from "./engine-thread.ts";
import { type FromWorker, parseFromWorker, type ToWorker } from "./job-protocol.ts";

export interface JobThreadOptions<Result> {
  readonly name: string;
  readonly load: LoadProgram;
  /** Jobs that may wait. */
  readonly maxQueued: number;
  /** Thrown past it. */
  readonly overloaded: "stt_overloaded" | "tts_overloaded" | "vad_overloaded" | "end_of_turn_overloaded";
  /** The result of a job out of the thread's message. @throws for anything that is none. */
  readonly parseResult: (raw: unknown) => Result;
  readonly clock?: Clock;
}

export interface JobOptions {
  /** Gives the job up, waiting or running. */
  readonly signal?: AbortSignal | undefined;
}

interface Job<Result> {
  readonly id: number;
  readonly payload: unknown;
  readonly transfer: readonly Transferable[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class JobThread<Result> {
  readonly #options: JobThreadOptions<Result>;
  readonly #thread: EngineThread;
  readonly #queue: Job<Result>[] = [];
  #running: Job<Result> | undefined;
  #nextId = 1;

  constructor(options: JobThreadOptions<Result>) {
    this.#options = options;
    this.#thread = new EngineThread({
      name: options.name,
      load: options.load,
      onMessage: (message) => this.#onMessage(parseFromWorker(message)),
      onDown: (error) => this.#onDown(error),
      clock: options.clock ?? systemClock,
    });
  }

  /** Jobs waiting for their turn; the one that runs not counted. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Resolves when the engine is loaded and warm. @throws why it cannot be. */
  async ready(): Promise<void> {
    this.#thread.hold(true);
    try {
      await this.#thread.start();
    } finally {
      this.#hold();
    }
  }

  /**
   * Has the thread do a job.
   * @param payload cloned to the thread, `transfer` moved.
   * @throws EdgeRtcError `overloaded`'s code; `speech_stopped` when the thread dies or is closed; what
   *   the model store throws; the signal's reason; what the job itself fails with.
   */
  async run(payload: unknown, options: JobOptions = {}, transfer: readonly Transferable[] = []): Promise<Result> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#queue.length >= this.#options.maxQueued) throw new EdgeRtcError(this.#options.overloaded);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const job: Job<Result> = { id: this.#nextId++, payload, transfer, resolve, reject };
    const abort = () => this.#cancel(job, signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#queue.push(job);
    this.#hold();
    this.#next();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends the thread; every job fails. */
  async close(): Promise<void> {
    const closed = this.#thread.close();
    this.#failAll(new EdgeRtcError("speech_stopped", `The ${this.#options.name} was closed.`));
    await closed;
  }

  #next(): void {
    if (this.#running !== undefined || this.#queue.length === 0) return;
    if (!this.#thread.running) {
      this.#thread.start().then(
        () => this.#next(),
        (error: unknown) => this.#failAll(error),
      );
      return;
    }
    const job = this.#queue.shift();
    if (job === undefined) return;
    this.#running = job;
    this.#thread.post({ kind: "job", id: job.id, payload: job.payload } satisfies ToWorker, job.transfer);
  }

  #onMessage(message: FromWorker): void {
    const job = this.#running;
    if (job === undefined || job.id !== message.id) return;
    this.#running = undefined;
    try {
      if (message.kind === "failed") throw new EdgeRtcError("speech_stopped", message.error);
      job.resolve(this.#options.parseResult(message.result));
    } catch (error) {
      job.reject(error);
    }
    this.#hold();
    this.#next();
  }

  #cancel(job: Job<Result>, reason: unknown): void {
    const at = this.#queue.indexOf(job);
    if (at >= 0) this.#queue.splice(at, 1);
    // The thread stays with the job until it answers; nobody waits for the answer any more.
    else if (this.#running === job) this.#thread.post({ kind: "cancel", id: job.id } satisfies ToWorker);
    job.reject(reason);
    this.#hold();
  }

  #onDown(error: Error): void {
    const job = this.#running;
    if (job === undefined) return;
    this.#running = undefined;
    job.reject(error);
    this.#hold();
    this.#next();
  }

  #failAll(error: unknown): void {
    this.#running?.reject(error);
    this.#running = undefined;
    for (const job of this.#queue.splice(0)) job.reject(error);
    this.#hold();
  }

  #hold(): void {
    this.#thread.hold(this.#running !== undefined || this.#queue.length > 0);
  }
}
