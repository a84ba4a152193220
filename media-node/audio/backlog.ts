/**
 * Live audio that runs late. What queues up (the process stalled, the network came in a burst) would stay late for good. Where
 * the queue has held more than {@link LIVE_BACKLOG_FRAMES} for a whole {@link LIVE_WINDOW_FRAMES}, neither shrinking nor ever
 * full, every second frame is blended into the next until the backlog is gone.
 */
const LIVE_WINDOW_FRAMES = 50;
const LIVE_BACKLOG_FRAMES = 1;

/** Finds it: the least that the queue held over a window is delay nobody needs. */
export class BacklogWatch {
  #first: number | undefined;
  #least = Number.POSITIVE_INFINITY;
  #frames = 0;
  #excess = 0;

  /** What is queued is no backlog: it was produced ahead of time, or held, and is to be heard in full. */
  reset(): void {
    this.#first = undefined;
    this.#least = Number.POSITIVE_INFINITY;
    this.#frames = 0;
    this.#excess = 0;
  }

  /** Called for each frame sent, with what is still queued. @returns whether to take two frames for one. */
  sent(queued: number): boolean {
    this.#first ??= queued;
    this.#least = Math.min(this.#least, queued);
    this.#frames += 1;
    if (this.#frames >= LIVE_WINDOW_FRAMES) {
      // A queue that shrinks is the end of a reply, playing out.
      const steady = queued >= this.#first - LIVE_BACKLOG_FRAMES;
      const excess = steady ? Math.max(0, this.#least - LIVE_BACKLOG_FRAMES) : 0;
      this.reset();
      this.#excess = excess;
    }
    if (this.#excess === 0 || this.#frames % 2 === 1) return false;
    this.#excess -= 1;
    return true;
  }
}

/** Fades from one frame into another over their length. */
export function blend(from: Int16Array, to: Int16Array): Int16Array {
  const out = new Int16Array(to.length);
  for (let i = 0; i < out.length; i++) {
    const share = i / out.length;
    out[i] = (from[i] ?? 0) * (1 - share) + (to[i] ?? 0) * share;
  }
  return out;
}
