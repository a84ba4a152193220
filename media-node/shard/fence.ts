/**
 * A session process's fence: sessions end when the edge's word for them has run out, because their slots are about to be
 * given to others. Every process has its own, so that it holds also while the main process is frozen.
 */
import type { Clock, Timer } from "../time/clock.ts";

const CHECK_INTERVAL_MS = 250;

export interface FenceOptions {
  readonly clock: Clock;
  /** The machine's time, which all processes share. */
  readonly machineTimeMs: () => number;
  /** The word has run out. Called again and again until there is a new one: sessions may come late. */
  readonly onOut: () => void;
}

export class Fence {
  readonly #options: FenceOptions;
  /** In the machine's time. Null before the first word: there are no sessions then. */
  #untilMs: number | null = null;
  #timer: Timer;

  /** Watches until {@link close}. */
  constructor(options: FenceOptions) {
    this.#options = options;
    this.#timer = this.#arm();
  }

  /** The edge's word holds until then, in the machine's time. One that had run out before is not mended by it. */
  set(untilMs: number): void {
    this.#check();
    this.#untilMs = untilMs;
  }

  close(): void {
    this.#timer.cancel();
  }

  #check(): void {
    if (this.#untilMs !== null && this.#options.machineTimeMs() > this.#untilMs) this.#options.onOut();
  }

  // Looked at often rather than timed: timers stand still while the machine is suspended.
  #arm(): Timer {
    return this.#options.clock.after(CHECK_INTERVAL_MS, () => {
      this.#check();
      this.#timer = this.#arm();
    });
  }
}
