/** The list of streams, asked for again and again while there is none: a media node may be starting. */
import { useEffect, useState } from "preact/hooks";
import { type CallError, toCallError } from "../../client/errors.ts";
import { fetchStreams, type StreamSummary } from "../state/streams.ts";

const RETRY_MS = 2_500;

export interface StreamsView {
  /** Null while the first answer is awaited. */
  readonly streams: readonly StreamSummary[] | null;
  readonly error: CallError | null;
}

/** @param attempt a new number asks at once. */
export function useStreams(attempt: number): StreamsView {
  const [view, setView] = useState<StreamsView>({ streams: null, error: null });
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const next: StreamsView = await fetchStreams(abort.signal).then(
        (streams) => ({ streams, error: null }),
        (error: unknown) => ({ streams: null, error: toCallError(error) }),
      );
      if (abort.signal.aborted) return;
      setView(next);
      if ((next.streams ?? []).length === 0) timer = setTimeout(() => void ask(), RETRY_MS);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [attempt]);
  return view;
}
