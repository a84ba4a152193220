/** Which load reports of a node are news to its streams: over 10 % of change, at most every 5 s. */
import type { NodeLoad } from "../../shared/link.ts";

export const LOAD_NEWS_INTERVAL_MS = 5_000;
export const LOAD_NEWS_CHANGE = 0.1;

export class LoadNews {
  #told: { readonly load: NodeLoad; readonly atMs: number } | null = null;

  /** True if the streams should hear of it. What is left out now is compared again with the next report. */
  isNews(load: NodeLoad, nowMs: number): boolean {
    if (this.#told === null) return true;
    const { load: before, atMs } = this.#told;
    // A node that starts to drain, or is ready at last, is news at once.
    if (load.ready !== before.ready || load.capacity !== before.capacity) return true;
    if (nowMs - atMs < LOAD_NEWS_INTERVAL_MS) return false;
    const sessions = Math.abs(load.sessions - before.sessions) / Math.max(1, load.capacity);
    return Math.max(sessions, Math.abs(load.cpu - before.cpu)) > LOAD_NEWS_CHANGE;
  }

  told(load: NodeLoad, nowMs: number): void {
    this.#told = { load, atMs: nowMs };
  }
}
