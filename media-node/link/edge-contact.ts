/**
 * What the node knows of the edge's word: how long it holds, and whether one is overdue. Pure.
 *
 * The edge counts a node's silence from when a ping or hello reached it. The node counts from when it sent them, which is
 * earlier, and not from when it read the answer: that may have waited in a buffer while the process was frozen.
 */
import { NODE_FENCE_MS, NODE_SUSPECT_MS } from "../../shared/link.ts";

export class EdgeContact {
  /** When each ping or hello was sent that has no answer yet, oldest first: a socket keeps the order. */
  #askedMs: number[] = [];

  /** A ping or a hello was sent. */
  asked(nowMs: number): void {
    this.#askedMs.push(nowMs);
  }

  /**
   * A pong or a welcome came.
   * @returns until when the node's sessions may go on, or null if nothing was asked.
   */
  answered(): number | null {
    const askedMs = this.#askedMs.shift();
    return askedMs === undefined ? null : askedMs + NODE_FENCE_MS;
  }

  /** The socket is gone, and with it the answers. */
  dropped(): void {
    this.#askedMs = [];
  }

  /** True if an answer is overdue: the socket may be dead, and nobody said so. */
  isOverdue(nowMs: number): boolean {
    const [oldest] = this.#askedMs;
    return oldest !== undefined && nowMs - oldest > NODE_SUSPECT_MS;
  }
}
