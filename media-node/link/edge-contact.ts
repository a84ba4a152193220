/**
 * What the node knows of the edge's word: until when its sessions may go on, and whether an answer is overdue. Pure.
 *
 * The edge counts a node's silence from when a ping or hello reached it. The node counts from when it sent them, which is
 * earlier, and not from when it read the answer: that may have waited in a buffer while the process was frozen.
 */
import { NODE_FENCE_MS, NODE_REDIAL_GRACE_MS, NODE_SUSPECT_MS } from "../../shared/link.ts";

/** The node gives up this much before the edge does: a socket's end takes time to be seen on both sides. */
const MARGIN_MS = 1_000;

export class EdgeContact {
  /** When each ping or hello was sent that has no answer yet, oldest first: a socket keeps the order. */
  #askedMs: number[] = [];
  /** When the edge last could hear from this node over a socket that it had welcomed. */
  #heardMs = 0;
  /** Until when the edge waits for this node, if no socket of it closes. Null before the first welcome. */
  #wordMs: number | null = null;

  greeted(nowMs: number): void {
    this.#askedMs = [nowMs];
  }

  pinged(nowMs: number): void {
    this.#askedMs.push(nowMs);
    this.#heardMs = nowMs;
  }

  /**
   * A welcome or a pong came.
   * @returns until when sessions may go on, or null if nothing was asked.
   */
  answered(): number | null {
    const askedMs = this.#askedMs.shift();
    if (askedMs === undefined) return null;
    this.#heardMs = Math.max(this.#heardMs, askedMs);
    this.#wordMs = askedMs + NODE_FENCE_MS;
    return this.#wordMs;
  }

  /**
   * The welcomed socket has closed. The edge may have seen it, too, and waits for a redial only.
   * @returns until when sessions may go on without another welcome, or null if there was none yet.
   */
  closed(): number | null {
    return this.#wordMs === null ? null : Math.min(this.#wordMs, this.#heardMs + NODE_REDIAL_GRACE_MS - MARGIN_MS);
  }

  /**
   * The edge is down or restarting: it has not seen a socket close, and will wait for the whole time.
   * @returns until when sessions may go on, or null if there was no welcome yet.
   */
  edgeDown(): number | null {
    return this.#wordMs;
  }

  /** The socket is not listened to any more. */
  dropped(): void {
    this.#askedMs = [];
  }

  /** True if an answer is overdue: the socket may be dead, and nobody said so. */
  isOverdue(nowMs: number): boolean {
    const [oldest] = this.#askedMs;
    return oldest !== undefined && nowMs - oldest > NODE_SUSPECT_MS;
  }
}
