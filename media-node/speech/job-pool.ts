/**
 * Jobs for an engine's threads, one at a time each: a bounded queue, cancellation, a limit on how long a job may take, and
 * an answer to everything, crash or not.
 */
import type { Transferable } from "node:worker_threads";
import { EdgeRtcError } from "../../shared/errors.ts";
import { type Clock, systemClock, type Timer } from "../time/clock.ts";
import { EngineThread, type LoadProgram } from "./engine-thread.ts";
import { EngineMeter, type EngineUsage, type JobOutcome } from "./engine-usage.ts";
import { type FromWorker, parseFromWorker, type ToWorker } from "./job-protocol.ts";

/** Threads given up in the middle of a job that may still be there. Past it the pool has one thread less. */
export const MAX_ABANDONED_THREADS = 2;

export interface JobPoolOptions<Result> {
  readonly name: string;
  readonly load: LoadProgram;
  /** Each has the model in memory once more. Default 1: a session process is for one core. */
  readonly threads?: number | undefined;
  /** Jobs that may wait. */
  readonly maxQueued: number;
  /** Thrown past it. */
  readonly overloaded: "stt_overloaded" | "tts_overloaded" | "vad_overloaded" | "end_of_turn_overloaded";
  /** Longest a job may run; then it fails with `speech_timeout`, and its thread is replaced. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** The result of a job out of the thread's message. @throws for anything that is none. */
  readonly parseResult: (raw: unknown) => Result;
  readonly clock?: Clock | undefined;
}

export interface JobOptions {
  /** Gives the job up, waiting or running. */
  readonly signal?: AbortSignal | undefined;
  /** How much later than a job without any it may be done: a later one goes first if its own slack ends sooner. Default 0. */
  readonly slackMs?: number | undefined;
  /**
   * Only done where a thread has nothing else to do, and given up (as `overloaded`) once there is: work that is of use, but
   * that nobody waits for. Default false.
   */
  readonly spare?: boolean | undefined;
}

interface Job<Result> {
  readonly id: number;
  readonly payload: unknown;
  readonly transfer: readonly Transferable[];
  readonly dueMs: number;
  readonly spare: boolean;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread, with the job it does. */
interface Lane<Result> {
  readonly thread: EngineThread;
  running: { readonly job: Job<Result>; readonly sinceMs: number; readonly limit: Timer | undefined } | undefined;
  starting: boolean;
}

export class JobPool<Result> {
  readonly #options: JobPoolOptions<Result>;
  readonly #clock: Clock;
  readonly #lanes: Lane<Result>[];
  readonly #queue: Job<Result>[] = [];
  readonly #meter = new EngineMeter();
  #abandoned = 0;
  #nextId = 1;

  constructor(options: JobPoolOptions<Result>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#lanes = Array.from({ length: options.threads ?? 1 }, () => this.#openLane());
  }

  /** Jobs waiting for their turn; those that run not counted. */
  get queued(): number {
    return this.#queue.length;
  }

  get usage(): EngineUsage {
    const nowMs = this.#clock.nowMs();
    const runningMs = this.#lanes.reduce((sum, { running }) => sum + nowMs - (running?.sinceMs ?? nowMs), 0);
    return this.#meter.usage(this.#queue.length, runningMs);
  }

  /** Resolves when the engine is loaded and warm in all its threads. @throws why it cannot be. */
  async ready(): Promise<void> {
    const lanes = [...this.#lanes];
    for (const { thread } of lanes) thread.hold(true);
    try {
      await Promise.all(lanes.map(({ thread }) => thread.start()));
    } finally {
      this.#hold();
    }
  }

  /**
   * Has a thread do a job.
   * @param payload cloned to the thread, `transfer` moved.
   * @throws EdgeRtcError `overloaded`'s code; `speech_timeout`; `speech_stopped` when the thread dies or is closed; what
   *   the model store throws; the signal's reason; what the job itself fails with.
   */
  async run(payload: unknown, options: JobOptions = {}, transfer: readonly Transferable[] = []): Promise<Result> {
    try {
      const result = await this.#run(payload, options, transfer);
      this.#meter.count("done");
      return result;
    } catch (error) {
      this.#meter.count(this.#outcomeOf(error, options));
      throw error;
    }
  }

  async #run(payload: unknown, options: JobOptions, transfer: readonly Transferable[]): Promise<Result> {
    const { signal, slackMs = 0, spare = false } = options;
    signal?.throwIfAborted();
    if (this.#lanes.length === 0) throw this.#stuck();
    const full = this.#queue.length >= this.#options.maxQueued;
    if (full || (spare && !this.#idle)) throw new EdgeRtcError(this.#options.overloaded);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const dueMs = this.#clock.nowMs() + slackMs;
    const job: Job<Result> = { id: this.#nextId++, payload, transfer, dueMs, spare, resolve, reject };
    const abort = () => this.#cancel(job, signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#enqueue(job);
    this.#dispatch();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends the threads; every job fails. */
  async close(): Promise<void> {
    const closed = this.#lanes.map(({ thread }) => thread.close());
    this.#failAll(new EdgeRtcError("speech_stopped", `The ${this.#options.name} was closed.`));
    await Promise.all(closed);
  }

  #outcomeOf(error: unknown, { signal, spare }: JobOptions): JobOutcome {
    if (signal?.aborted === true && error === signal.reason) return "given_up";
    if (!(error instanceof EdgeRtcError)) return "failed";
    if (error.code === this.#options.overloaded) return spare === true ? "given_up" : "refused";
    return error.code === "speech_timeout" ? "timed_out" : "failed";
  }

  get #idle(): boolean {
    return this.#queue.length === 0 && this.#lanes.some(({ running }) => running === undefined);
  }

  #openLane(): Lane<Result> {
    const { name, load } = this.#options;
    const lane: Lane<Result> = {
      thread: new EngineThread({
        name,
        load,
        onMessage: (message) => this.#onMessage(lane, parseFromWorker(message)),
        onDown: (error) => this.#onDown(lane, error),
        clock: this.#clock,
      }),
      running: undefined,
      starting: false,
    };
    return lane;
  }

  /** Those that are due sooner first; of two, the one that came first. */
  #enqueue(job: Job<Result>): void {
    const later = this.#queue.findIndex(({ dueMs }) => dueMs > job.dueMs);
    this.#queue.splice(later < 0 ? this.#queue.length : later, 0, job);
  }

  #dispatch(): void {
    for (const lane of this.#lanes) {
      if (this.#queue.length === 0) break;
      if (lane.running !== undefined) continue;
      if (lane.thread.running) this.#give(lane);
      else if (!lane.starting) void this.#start(lane);
    }
    // Somebody waits: what nobody waits for makes room. Its thread answers within a step of its work.
    const spare = this.#queue.length === 0 ? undefined : this.#lanes.find(({ running }) => running?.job.spare === true);
    if (spare?.running !== undefined)
      this.#giveUp(spare, spare.running.job, new EdgeRtcError(this.#options.overloaded));
    this.#hold();
  }

  /** Never rejects. */
  async #start(lane: Lane<Result>): Promise<void> {
    lane.starting = true;
    this.#hold();
    try {
      await lane.thread.start();
    } catch (error) {
      if (!this.#lanes.some(({ thread }) => thread.running)) this.#failAll(error);
      return;
    } finally {
      lane.starting = false;
    }
    this.#dispatch();
  }

  #give(lane: Lane<Result>): void {
    const job = this.#queue.shift();
    if (job === undefined) return;
    const { timeoutMs } = this.#options;
    const limit = timeoutMs === undefined ? undefined : this.#clock.after(timeoutMs, () => this.#onTimeout(lane, job));
    lane.running = { job, sinceMs: this.#clock.nowMs(), limit };
    lane.thread.post({ kind: "job", id: job.id, payload: job.payload } satisfies ToWorker, job.transfer);
  }

  /** The job its thread did, which is free again. */
  #take(lane: Lane<Result>): Job<Result> | undefined {
    const { running } = lane;
    lane.running = undefined;
    running?.limit?.cancel();
    if (running !== undefined) this.#meter.worked(this.#clock.nowMs() - running.sinceMs);
    return running?.job;
  }

  #onMessage(lane: Lane<Result>, message: FromWorker): void {
    if (lane.running?.job.id !== message.id) return;
    const job = this.#take(lane);
    try {
      if (message.kind === "failed") throw new EdgeRtcError("speech_stopped", message.error);
      job?.resolve(this.#options.parseResult(message.result));
    } catch (error) {
      job?.reject(error);
    }
    this.#dispatch();
  }

  #cancel(job: Job<Result>, reason: unknown): void {
    const at = this.#queue.indexOf(job);
    const lane = this.#lanes.find(({ running }) => running?.job === job);
    if (at >= 0) this.#queue.splice(at, 1);
    if (lane !== undefined) this.#giveUp(lane, job, reason);
    else job.reject(reason);
    this.#hold();
  }

  /** The thread stays with the job until it answers; nobody waits for the answer any more. */
  #giveUp(lane: Lane<Result>, job: Job<Result>, reason: unknown): void {
    lane.thread.post({ kind: "cancel", id: job.id } satisfies ToWorker);
    job.reject(reason);
  }

  /** The thread may be stuck for good. It is not killed (that would end the process), but left to itself and replaced. */
  #onTimeout(lane: Lane<Result>, job: Job<Result>): void {
    this.#take(lane);
    const { name, timeoutMs } = this.#options;
    job.reject(new EdgeRtcError("speech_timeout", `The ${name} took longer than ${timeoutMs} ms for a job.`));
    this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    this.#abandoned += 1;
    const gone = lane.thread.abandon();
    if (this.#abandoned <= MAX_ABANDONED_THREADS) {
      this.#lanes.push(this.#openLane());
      void gone.then(() => {
        this.#abandoned -= 1;
      });
    } else {
      // One thread less until this one is gone.
      void gone.then(() => {
        this.#abandoned -= 1;
        this.#lanes.push(this.#openLane());
        this.#dispatch();
      });
      if (this.#lanes.length === 0) this.#failAll(this.#stuck());
    }
    this.#dispatch();
  }

  #onDown(lane: Lane<Result>, error: Error): void {
    const job = this.#take(lane);
    if (job === undefined) return;
    job.reject(error);
    this.#dispatch();
  }

  #failAll(error: unknown): void {
    for (const lane of this.#lanes) this.#take(lane)?.reject(error);
    for (const job of this.#queue.splice(0)) job.reject(error);
    this.#hold();
  }

  #stuck(): EdgeRtcError {
    return new EdgeRtcError("speech_stopped", `All threads of the ${this.#options.name} are stuck.`);
  }

  #hold(): void {
    for (const { thread, running } of this.#lanes) thread.hold(running !== undefined || this.#queue.length > 0);
  }
}
