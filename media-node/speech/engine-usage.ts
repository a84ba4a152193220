/** What a speech engine has done since its process began, and what waits for it: for operators. */
import * as v from "valibot";

const count = v.pipe(v.number(), v.minValue(0));

/** Of a job: a piece of audio, a sentence, or a window of voice activity detection. */
export const EngineUsage = v.object({
  /** Jobs that wait; those that run not counted. */
  queued: count,
  jobs: v.object({
    done: count,
    /** The engine could not do it, or its thread died. */
    failed: count,
    timed_out: count,
    /** Too many were waiting. */
    refused: count,
    /** Nobody wanted it any more, or what somebody waited for came in between. */
    given_up: count,
  }),
  /** Time its threads had work, all of them together. */
  busyMs: count,
});
export type EngineUsage = v.InferOutput<typeof EngineUsage>;
export type JobOutcome = keyof EngineUsage["jobs"];

/** By the engine's name. */
export const EngineUsages = v.record(v.string(), EngineUsage);
export type EngineUsages = v.InferOutput<typeof EngineUsages>;

export class EngineMeter {
  readonly #jobs: Record<JobOutcome, number> = { done: 0, failed: 0, timed_out: 0, refused: 0, given_up: 0 };
  #busyMs = 0;

  count(outcome: JobOutcome, jobs = 1): void {
    this.#jobs[outcome] += jobs;
  }

  /** A thread had work for so long. */
  worked(ms: number): void {
    this.#busyMs += ms;
  }

  /** @param runningMs of what is still under way. */
  usage(queued: number, runningMs: number): EngineUsage {
    return { queued, jobs: { ...this.#jobs }, busyMs: this.#busyMs + runningMs };
  }
}
