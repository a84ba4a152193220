/** A value that is kept fresh while the page is seen, and not at all while it is not: nothing is asked for nobody. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type AdminError, asAdminError } from "../state/api.ts";

/** From an answer to the next question. */
export const REFRESH_MS = 3_000;

export interface Live<T> {
  /** The last one there was, also while the edge does not answer. */
  readonly value: T | null;
  /** Why the last question had no answer. */
  readonly error: AdminError | null;
  /** Asks now, after something was changed. */
  readonly refresh: () => void;
}

/** @param read must be the same function as long as the same thing is read. */
export function useLive<T>(read: (signal: AbortSignal) => Promise<T>): Live<T> {
  const [state, setState] = useState<Omit<Live<T>, "refresh">>({ value: null, error: null });
  const ask = useRef<() => void>(() => undefined);
  useEffect(() => {
    let round = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const poll = async (signal: AbortSignal) => {
      const next = await read(signal).then(
        (value) => ({ value, error: null }),
        (error: unknown) => ({ error: asAdminError(error) }),
      );
      if (signal.aborted) return;
      setState((before) => ({ ...before, ...next }));
      timer = setTimeout(() => void poll(signal), REFRESH_MS);
    };
    const restart = () => {
      round.abort();
      clearTimeout(timer);
      round = new AbortController();
      if (document.visibilityState === "visible") void poll(round.signal);
    };
    ask.current = restart;
    restart();
    document.addEventListener("visibilitychange", restart);
    return () => {
      document.removeEventListener("visibilitychange", restart);
      round.abort();
      clearTimeout(timer);
    };
  }, [read]);
  return { ...state, refresh: useCallback(() => ask.current(), []) };
}
