/** Something asked of the edge once, and again when what is asked for changes. */
import { useEffect, useState } from "preact/hooks";
import { type CallError, toCallError } from "../../../client/errors.ts";

export interface Asked<T> {
  /** Null while it is awaited, and where it failed. */
  readonly value: T | null;
  readonly error: CallError | null;
}

const NOTHING = { value: null, error: null };

/** @param whatFor asks again where any of these is another. */
export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>, whatFor: readonly unknown[]): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>(NOTHING);
  useEffect(() => {
    setAsked(NOTHING);
    const abort = new AbortController();
    const settle = (next: Asked<T>): void => {
      if (!abort.signal.aborted) setAsked(next);
    };
    ask(abort.signal).then(
      (value) => settle({ value, error: null }),
      (error: unknown) => settle({ value: null, error: toCallError(error) }),
    );
    return () => abort.abort();
  }, whatFor);
  return asked;
}
