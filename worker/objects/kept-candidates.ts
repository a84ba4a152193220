/**
 * A session's candidates: those kept for an offer that has not come yet or is not answered yet, and how many it sent in
 * all. Bounded.
 */
import type { CandidateCheck, IceCandidate } from "../../shared/candidate.ts";
import { MAX_CANDIDATES, MAX_EARLY_CANDIDATES } from "../../shared/limits.ts";

export class KeptCandidates {
  #kept: IceCandidate[] = [];
  #count = 0;
  /** How many of those kept went with the offer. */
  #offered = 0;

  /** Keeps a candidate for the offer to come. Malformed ones, and those past MAX_EARLY_CANDIDATES, are dropped. */
  keep(check: CandidateCheck): void {
    if (check.ok && this.#kept.length < MAX_EARLY_CANDIDATES) this.#kept.push(check.candidate);
  }

  /** Counts a candidate that goes to the node. @returns false past MAX_CANDIDATES. */
  count(): boolean {
    if (this.#count >= MAX_CANDIDATES) return false;
    this.#count += 1;
    return true;
  }

  /**
   * Holds a candidate back until the offer is answered: a client can check nothing before, and every message on its way
   * to the node would make the answer later. Another node may have to take the session, too.
   */
  hold(candidate: IceCandidate): void {
    this.#kept.push(candidate);
  }

  /** Those that go with the offer. */
  withOffer(): IceCandidate[] {
    const list = this.#kept.slice(0, MAX_CANDIDATES);
    this.#offered = list.length;
    return list;
  }

  /** Those that came since. */
  held(): IceCandidate[] {
    return this.#kept.slice(this.#offered);
  }

  /** The offer is answered or has failed: what was kept was for it. */
  clear(): void {
    this.#kept = [];
    this.#offered = 0;
  }

  /** A new session of this client id begins, or another connection of the one there is. */
  restart(): void {
    this.#count = this.#kept.length;
  }
}
