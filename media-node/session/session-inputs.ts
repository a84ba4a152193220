/**
 * A session's inputs as its handler sees them: the latest of each, and a wait for the next ones. Kept in memory only, and
 * gone with the session.
 */
import { defaultInputs, type InputDeclarations, type InputValues } from "../../shared/inputs.ts";
import type { Clock } from "../time/clock.ts";

export interface InputWait {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Longest wait; null is none. */
  readonly timeoutMs: number | null;
}

export class SessionInputs {
  readonly #declared: InputDeclarations;
  readonly #clock: Clock;
  readonly #waiters = new Set<() => void>();
  #latest: InputValues;
  #state: "waiting" | "arrived" | "closed" = "waiting";

  constructor(declared: InputDeclarations, clock: Clock) {
    this.#declared = declared;
    this.#clock = clock;
    this.#latest = this.#seal(defaultInputs(declared));
  }

  /** The latest value of each input. What was not sent yet has its default, a secret none. */
  get latest(): InputValues {
    return this.#latest;
  }

  /** Their names, as they are declared. */
  get names(): readonly string[] {
    return Object.keys(this.#declared);
  }

  /** Whether some have come since the start, or since {@link clear}. */
  get arrived(): boolean {
    return this.#state === "arrived";
  }

  /** Takes checked values; those not among them stay as they are. */
  set(values: InputValues): void {
    const before = Object.fromEntries(Object.keys(this.#declared).map((name) => [name, this.#latest[name]]));
    this.#latest = this.#seal({ ...before, ...values });
    if (this.#state !== "closed") this.#state = "arrived";
    this.#wake();
  }

  /** Settles when inputs have come since {@link clear}, at the latest when the wait ends. */
  async next({ signal, timeoutMs }: InputWait): Promise<void> {
    if (this.#state !== "waiting" || signal?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = timeoutMs === null ? null : this.#clock.after(timeoutMs, resolve);
    this.#waiters.add(resolve);
    const onAbort = (): void => resolve();
    signal?.addEventListener("abort", onAbort);
    try {
      await promise;
    } finally {
      timer?.cancel();
      signal?.removeEventListener("abort", onAbort);
      this.#waiters.delete(resolve);
    }
  }

  /** A turn is over: the next one waits for inputs of its own. */
  clear(): void {
    if (this.#state === "arrived") this.#state = "waiting";
  }

  /** Nobody need wait: the client sends its inputs as they change. */
  skip(): void {
    this.#wake();
  }

  /** Settles everyone who waits. */
  close(): void {
    this.#state = "closed";
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
  }

  #seal(values: InputValues): InputValues {
    return sealInputs(this.#declared, values);
  }
}

/** Secrets can be read by name, but appear in no listing of the values: a log line or a copy does not hold them. */
export function sealInputs(declared: InputDeclarations, values: InputValues): InputValues {
  const sealed: Record<string, unknown> = {};
  for (const [name, { kind }] of Object.entries(declared)) {
    if (values[name] === undefined) continue;
    Object.defineProperty(sealed, name, { value: values[name], enumerable: kind !== "secret" });
  }
  return Object.freeze(sealed);
}
