/**
 * What is thrown where nobody called: in a timer, an event listener or a promise that a handler's code left behind. It costs the
 * session that the code ran for a message, not the process with everybody else's. Where it was no session's, it is a fault of the
 * process: that goes down, and takes its sessions with it in the open.
 */
import { RateBucket } from "../../shared/rate-bucket.ts";
import type { HandlerContext } from "../handlers/context.ts";
import { findCurrentContext } from "../handlers/current-context.ts";
import { reportFailure } from "../handlers/run.ts";
import type { Clock } from "../time/clock.ts";

/**
 * What is told of one session, or of none, a second and at once: an interval that always throws floods nobody, nor does a client
 * whose packets the SCTP stack rejects.
 */
const PER_SECOND = 1;
const BURST = 5;

export interface StrayErrorsOptions {
  readonly clock: Clock;
  /** A rejection that was no session's. */
  readonly onRejection: (error: unknown) => void;
  /** An exception that was no session's: the process cannot go on. */
  readonly onFault: (error: unknown) => void;
}

export class StrayErrors {
  readonly #options: StrayErrorsOptions;
  readonly #rates = new WeakMap<HandlerContext, RateBucket>();
  readonly #rejections = new RateBucket(PER_SECOND, BURST);

  constructor(options: StrayErrorsOptions) {
    this.#options = options;
  }

  /** For `uncaughtException`, which runs in the context of the code that threw. */
  thrown(error: unknown): void {
    const context = findCurrentContext();
    if (context === undefined) this.#options.onFault(error);
    else this.#tell(context, error);
  }

  /** For `unhandledRejection`. */
  rejected(error: unknown): void {
    const context = findCurrentContext();
    if (context !== undefined) this.#tell(context, error);
    else if (this.#rejections.take(this.#options.clock.nowMs())) this.#options.onRejection(error);
  }

  #tell(context: HandlerContext, error: unknown): void {
    const rate = this.#rates.get(context) ?? new RateBucket(PER_SECOND, BURST);
    this.#rates.set(context, rate);
    if (!rate.take(this.#options.clock.nowMs())) return;
    reportFailure(context, error, "code of a handler failed outside of any call; the session goes on");
  }
}
