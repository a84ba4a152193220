/**
 * Which of our candidates the node needs to know. Most calls come up without any: our first check reaches the node, which
 * answers to where it came from. Each candidate is a request to the edge, so they are sent only once that did not work.
 */

/**
 * After the answer, a call that needs no candidates comes up within this: two round trips and some. One that does, because
 * the node cannot be reached before it has sent something itself, is held up by it.
 */
const HELD_MS = 250;
/** A browser with every network it can have finds about twenty. */
const MAX_HELD = 64;
/** A lite agent answers checks and never makes one (RFC 8445 §2.5): nothing to make one with is of use to it. */
const ICE_LITE = /^a=ice-lite/m;

export class Candidates {
  readonly #send: (candidate: RTCIceCandidateInit) => void;
  #state: "waiting" | "sending" | "not_needed" = "waiting";
  #held: RTCIceCandidateInit[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (candidate: RTCIceCandidateInit) => void) {
    this.#send = send;
  }

  add(candidate: RTCIceCandidateInit): void {
    if (this.#state === "sending") this.#send(candidate);
    else if (this.#state === "waiting" && this.#held.length < MAX_HELD) this.#held.push(candidate);
  }

  answered(sdp: string): void {
    if (ICE_LITE.test(sdp)) this.close();
    else this.#timer = setTimeout(() => this.#release(), HELD_MS);
  }

  /** The call is up, or over: nobody needs them any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#state = "not_needed";
    this.#held = [];
  }

  #release(): void {
    this.#state = "sending";
    for (const candidate of this.#held.splice(0)) this.#send(candidate);
  }
}
