/**
 * Time that passes in hidden pages, too: there a browser slows timers down, to one a minute in the end, but not those of a worker.
 * Without workers, or where the page's security policy allows none, it is the page's own.
 */
import { CallError } from "../errors.ts";
import { Timers } from "../timers.ts";

const WORKER_SOURCE = "onmessage=({data})=>setTimeout(postMessage,data,0)";

export class BackgroundClock {
  readonly #signal: AbortSignal;
  readonly #worker = openWorker();
  readonly #timers = new Timers<"wake">();

  /** @param signal aborts a sleep. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws CallError `call_ended` where it was aborted. */
  async sleep(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#signal.addEventListener("abort", resolve);
    if (this.#signal.aborted) resolve(null);
    if (this.#worker !== null) this.#worker.onmessage = resolve;
    this.#worker?.postMessage(delayMs);
    // Beside the worker's: a security policy may stop a worker without a word.
    this.#timers.set("wake", delayMs, () => resolve(null));
    await promise;
    this.#timers.clearAll();
    if (this.#worker !== null) this.#worker.onmessage = null;
    this.#signal.removeEventListener("abort", resolve);
    if (this.#signal.aborted) throw new CallError("call_ended");
  }

  close(): void {
    this.#timers.clearAll();
    this.#worker?.terminate();
  }
}

function openWorker(): Worker | null {
  const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
  try {
    return new Worker(url);
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(url);
  }
}
