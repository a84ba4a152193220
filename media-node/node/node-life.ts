/** How a media node ends: it drains, or hurries, and shuts down once its sessions are over. Owns the timers of that. */
import type { Clock, Timer } from "../time/clock.ts";
import { INITIAL_LIFE, type LifeAction, type LifeSignal, type LifeState, nextLife } from "./life-machine.ts";

/** Sessions that were told to end have this long to say goodbye and be gone. */
const ENDING_MS = 2_000;

export interface NodeLifeOptions {
  readonly clock: Clock;
  readonly log: { info(fields: object, message: string): void };
  /** Sessions the node holds. */
  readonly sessions: () => number;
  /** Take no more sessions, and tell the edge. */
  readonly refuseSessions: () => void;
  readonly endSessions: () => void;
  /** Hang up and stop every process. */
  readonly close: () => Promise<void>;
}

export class NodeLife {
  /** Settles when the node has ended, by whatever way; rejects where it could not be shut down. */
  readonly ended: Promise<void>;
  readonly #options: NodeLifeOptions;
  readonly #settle = Promise.withResolvers<void>();
  #state: LifeState = INITIAL_LIFE;
  #timer: Timer | undefined;

  constructor(options: NodeLifeOptions) {
    this.#options = options;
    this.ended = this.#settle.promise;
  }

  /** True from the first word of its end on. */
  get leaving(): boolean {
    return this.#state.phase !== "serving";
  }

  /** Takes no more sessions; ends when the last one is over, at the latest after `timeoutMs`. */
  drain(timeoutMs: number): void {
    this.#signal({ type: "drain", deadlineMs: this.#options.clock.nowMs() + timeoutMs });
    this.sessionsChanged();
  }

  /** Ends every session now, then the node. */
  hurry(): void {
    this.#signal({ type: "hurry" });
    this.sessionsChanged();
  }

  /** A session may have been the last one. */
  sessionsChanged(): void {
    if (this.#options.sessions() === 0) this.#signal({ type: "empty" });
  }

  #signal(signal: LifeSignal): void {
    const { state, actions } = nextLife(this.#state, signal);
    this.#state = state;
    for (const action of actions) this.#perform(action);
  }

  #perform(action: LifeAction): void {
    const { clock, log, sessions, refuseSessions, endSessions, close } = this.#options;
    switch (action) {
      case "refuse_sessions":
        refuseSessions();
        break;
      case "arm_deadline":
        if (this.#state.phase !== "draining") break;
        log.info({ sessions: sessions(), withinMs: Math.round(this.#state.deadlineMs - clock.nowMs()) }, "draining");
        this.#arm(this.#state.deadlineMs - clock.nowMs());
        break;
      case "end_sessions":
        this.#arm(ENDING_MS);
        endSessions();
        break;
      case "close":
        this.#timer?.cancel();
        log.info({ sessions: sessions() }, "shutting down");
        close().then(() => this.#signal({ type: "closed" }), this.#settle.reject);
        break;
      case "settle":
        this.#settle.resolve();
        break;
    }
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delayMs, () => this.#signal({ type: "time_up" }));
  }
}
