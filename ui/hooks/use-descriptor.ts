/** The descriptor of the chosen stream, asked for again and again while it cannot be had. */
import { useEffect, useState } from "preact/hooks";
import { type CallError, toCallError } from "../../client/errors.ts";
import type { StreamDescriptor } from "../../client/index.ts";
import { fetchPageConfig } from "../state/page-config.ts";
import { pauseMs } from "../state/pauses.ts";

export interface DescriptorView {
  readonly descriptor: StreamDescriptor | null;
  readonly error: CallError | null;
}

const NOTHING: DescriptorView = { descriptor: null, error: null };

/** @param attempt a new number asks at once. */
export function useDescriptor(stream: string | null, attempt: number): DescriptorView {
  const [view, setView] = useState<DescriptorView & { readonly of: string | null }>({ ...NOTHING, of: null });
  useEffect(() => {
    if (stream === null) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (asked: number): Promise<void> => {
      const next: DescriptorView = await fetchPageConfig(stream, abort.signal).then(
        (descriptor) => ({ descriptor, error: null }),
        (error: unknown) => ({ descriptor: null, error: toCallError(error) }),
      );
      if (abort.signal.aborted) return;
      setView({ ...next, of: stream });
      if (next.error?.retryable === true) timer = setTimeout(() => void ask(asked + 1), pauseMs(asked));
    };
    void ask(1);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [stream, attempt]);
  // What is known of the last stream says nothing about this one.
  return view.of === stream ? view : NOTHING;
}
