/**
 * A session whose client said who it is only after it was admitted: its handler does not start before the edge has agreed to
 * the client id, so that one which is taken costs nobody anything.
 */
import type { Clock, Timer } from "../time/clock.ts";

/** The edge is away, or older: the session starts after this. If its id was taken, it is ended when the edge is back. */
const CLAIM_TIMEOUT_MS = 2_000;

export class ClientIdClaim {
  readonly #onOpen: () => void;
  readonly #timer: Timer;
  /** What has happened of the two that have to. */
  #state: "waiting" | "granted" | "ready" | "over" = "waiting";

  /** @param onOpen called once, when the id is granted and the client can be talked to. */
  constructor(clock: Clock, onOpen: () => void) {
    this.#onOpen = onOpen;
    this.#timer = clock.after(CLAIM_TIMEOUT_MS, () => this.granted());
  }

  granted(): void {
    this.#timer.cancel();
    if (this.#state === "waiting") this.#state = "granted";
    else if (this.#state === "ready") this.#open();
  }

  /** The client can be talked to. */
  ready(): void {
    if (this.#state === "waiting") this.#state = "ready";
    else if (this.#state === "granted") this.#open();
  }

  /** The session has ended. */
  drop(): void {
    this.#timer.cancel();
    this.#state = "over";
  }

  #open(): void {
    this.drop();
    this.#onOpen();
  }
}
