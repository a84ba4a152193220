/** The timers of one call, by name, so that each has an owner and all can be cleared at once. */

export class Timers<Name extends string> {
  readonly #pending = new Map<Name, ReturnType<typeof setTimeout>>();

  /** Runs `action` once, in `delayMs`; a timer of the same name is replaced. */
  set(name: Name, delayMs: number, action: () => void): void {
    this.clear(name);
    const run = () => {
      this.#pending.delete(name);
      action();
    };
    this.#pending.set(name, setTimeout(run, delayMs));
  }

  clear(...names: Name[]): void {
    for (const name of names) {
      clearTimeout(this.#pending.get(name));
      this.#pending.delete(name);
    }
  }

  clearAll(): void {
    this.clear(...this.#pending.keys());
  }
}
