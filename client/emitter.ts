/** Typed events. A listener that throws is reported to the page and harms neither the call nor the other listeners. */

export type Listener<T> = (value: T) => void;

/** One set of listeners per event. */
export class Emitter<Events extends object> {
  readonly #listeners: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {};

  /** @returns a function that takes the listener off again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const existing: Set<Listener<Events[Name]>> | undefined = this.#listeners[name];
    const listeners = existing ?? new Set<Listener<Events[Name]>>();
    if (existing === undefined) this.#listeners[name] = listeners;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const listeners: Set<Listener<Events[Name]>> | undefined = this.#listeners[name];
    // A copy: a listener may take itself or others off.
    for (const listener of [...(listeners ?? [])]) {
      try {
        listener(value);
      } catch (error) {
        reportError(error);
      }
    }
  }

  /** Whether anybody listens, for events that cost something to make. */
  has(name: keyof Events): boolean {
    return (this.#listeners[name]?.size ?? 0) > 0;
  }
}
