/** An engine of a process that is made when first asked for, loads at once from then on, and can be closed and made anew. */

import type { EngineUsage } from "./engine-usage.ts";

export interface Engine {
  /** Resolves when it is loaded and warm. */
  ready(): Promise<void>;
  close(): Promise<void>;
  readonly usage: EngineUsage;
}

export class LazyEngine<T extends Engine> {
  readonly #make: () => T;
  readonly #onError: (error: Error) => void;
  #engine: T | undefined;

  /** @param onError it could not be loaded: nobody may be waiting for it yet. */
  constructor(make: () => T, onError: (error: Error) => void) {
    this.#make = make;
    this.#onError = onError;
  }

  get(): T {
    if (this.#engine !== undefined) return this.#engine;
    const engine = this.#make();
    this.#engine = engine;
    engine.ready().catch((error: unknown) => {
      // Closed before it was loaded: nobody asked for it any more.
      if (this.#engine === engine) this.#onError(error instanceof Error ? error : new Error(String(error)));
    });
    return engine;
  }

  /** Resolves when it is loaded, or was not asked for. @throws why it cannot be. */
  async ready(): Promise<void> {
    await this.#engine?.ready();
  }

  /** Undefined where it was not asked for. */
  get usage(): EngineUsage | undefined {
    return this.#engine?.usage;
  }

  async close(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.close();
  }
}
