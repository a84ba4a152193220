/** The list of streams, asked for again and again while nobody serves the chosen one: a media node may be starting. */
import { useEffect, useState } from "preact/hooks";
import { type CallError, toCallError } from "../../client/errors.ts";
import { pauseMs } from "../state/pauses.ts";
import { chooseStream, fetchStreams, isServed, type StreamSummary } from "../state/streams.ts";

export interface StreamsView {
  /** Null while the first answer is awaited. */
  readonly streams: readonly StreamSummary[] | null;
  readonly error: CallError | null;
}

/**
 * @param chosen the stream that is to be called; null for the one that the address names.
 * @param attempt a new number asks at once.
 */
export function useStreams(chosen: string | null, attempt: number): StreamsView {
  const [view, setView] = useState<StreamsView>({ streams: null, error: null });
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (asked: number): Promise<void> => {
      const next: StreamsView = await fetchStreams(abort.signal).then(
        (streams) => ({ streams, error: null }),
        (error: unknown) => ({ streams: null, error: toCallError(error) }),
      );
      if (abort.signal.aborted) return;
      setView(next);
      const listed = next.streams ?? [];
      if (!isServed(listed, chosen ?? chooseStream(location.search, listed)))
        timer = setTimeout(() => void ask(asked + 1), pauseMs(asked));
    };
    void ask(1);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [chosen, attempt]);
  return view;
}
