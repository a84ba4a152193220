/**
 * Counts what an account is billed for: calls of objects, messages on their sockets, and when an object is held, that is
 * in memory and not allowed to hibernate because something of it is under way.
 */

type Prototype = object;

/** The platform bills twenty messages as one request. */
const MESSAGES = /\.webSocketMessage$/;

export class CallMeter {
  readonly #counts = new Map<string, number>();
  readonly #open = new Map<string, number>();
  readonly #undo: (() => void)[] = [];

  /** Begins to count. @param classes the objects' classes, by the name to show. */
  static start(classes: Readonly<Record<string, { readonly prototype: Prototype }>>): CallMeter {
    const meter = new CallMeter();
    for (const [name, { prototype }] of Object.entries(classes)) meter.#watch(name, prototype);
    return meter;
  }

  /** How often each method was called from outside, but for messages. */
  get calls(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].filter(([method]) => !MESSAGES.test(method)));
  }

  get messages(): number {
    return [...this.#counts].reduce((sum, [method, count]) => sum + (MESSAGES.test(method) ? count : 0), 0);
  }

  /** Classes that have an object that is held at the moment. */
  get held(): string[] {
    return [...this.#open].flatMap(([name, count]) => (count > 0 ? [name] : [])).sort();
  }

  stop(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  #watch(name: string, prototype: Prototype): void {
    for (const [method, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (method === "constructor" || typeof value !== "function") continue;
      const original: (...args: unknown[]) => unknown = value;
      const count = () => this.#count(`${name}.${method}`, name);
      const counted = function (this: unknown, ...args: unknown[]): unknown {
        const done = count();
        const result = Reflect.apply(original, this, args);
        if (result instanceof Promise) return result.finally(done);
        done();
        return result;
      };
      Object.defineProperty(prototype, method, { value: counted, configurable: true, writable: true });
      this.#undo.push(() =>
        Object.defineProperty(prototype, method, { value: original, configurable: true, writable: true }),
      );
    }
  }

  /** @returns what ends it. */
  #count(method: string, name: string): () => void {
    this.#counts.set(method, (this.#counts.get(method) ?? 0) + 1);
    this.#open.set(name, (this.#open.get(name) ?? 0) + 1);
    return () => this.#open.set(name, (this.#open.get(name) ?? 0) - 1);
  }
}
