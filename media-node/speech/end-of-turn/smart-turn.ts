/**
 * Hears whether a speaker is done or only pauses: Smart Turn 3 over the turn's last 8 s, in a thread of its own. It judges
 * how something is said, not what, so it needs no transcript. Who asks goes by silence alone where no verdict comes in time.
 */
import * as v from "valibot";
import { type Clock, systemClock } from "../../time/clock.ts";
import type { EndOfTurnModel, JudgeOptions } from "../../turn/end-of-turn-model.ts";
import type { LoadProgram, ThreadProgram } from "../engine-thread.ts";
import type { EngineUsage } from "../engine-usage.ts";
import { JobPool } from "../job-pool.ts";
import { loadModel } from "../load-model.ts";
import { MEL_SAMPLES } from "./log-mel.ts";

/** A verdict that takes longer is of no use: silence has ended the turn by then. */
export const VERDICT_TIMEOUT_MS = 400;
/** Turns that may wait, of all sessions; what is behind them would come too late. Past it `end_of_turn_overloaded`. */
export const MAX_QUEUED_VERDICTS = 16;

export interface SmartTurnOptions {
  readonly clock?: Clock;
  /** Default {@link VERDICT_TIMEOUT_MS}. */
  readonly timeoutMs?: number;
  /** Prepares the thread. Default: fetches Smart Turn through the model store. For tests. */
  readonly load?: LoadProgram;
}

export class SmartTurn implements EndOfTurnModel {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #jobs: JobPool<number>;

  constructor(options: SmartTurnOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#timeoutMs = options.timeoutMs ?? VERDICT_TIMEOUT_MS;
    this.#jobs = new JobPool({
      name: "end-of-turn model",
      maxQueued: MAX_QUEUED_VERDICTS,
      overloaded: "end_of_turn_overloaded",
      parseResult: (raw) => v.parse(v.number(), raw),
      clock: this.#clock,
      load: options.load ?? loadSmartTurn,
    });
  }

  get usage(): EngineUsage {
    return this.#jobs.usage;
  }

  /** Resolves when the model is loaded and warm. @throws as the model store does. */
  ready(): Promise<void> {
    return this.#jobs.ready();
  }

  /** @throws EdgeRtcError `end_of_turn_overloaded`, `model_unavailable`, `speech_stopped`; the signal's reason. */
  async judge(samples: Int16Array, options: JudgeOptions = {}): Promise<number | undefined> {
    const late = new AbortController();
    const signal = options.signal === undefined ? late.signal : AbortSignal.any([options.signal, late.signal]);
    const timer = this.#clock.after(this.#timeoutMs, () => late.abort());
    const last = samples.slice(Math.max(0, samples.length - MEL_SAMPLES));
    try {
      return await this.#jobs.run(last, { signal }, [last.buffer]);
    } catch (error) {
      if (late.signal.aborted && options.signal?.aborted !== true) return undefined;
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** Ends the thread; what waits fails. */
  close(): Promise<void> {
    return this.#jobs.close();
  }
}

async function loadSmartTurn(signal: AbortSignal): Promise<ThreadProgram> {
  const paths = await loadModel("smart-turn-v3", signal);
  return { url: new URL("./worker.ts", import.meta.url), data: { model: paths["smart-turn.onnx"] } };
}
