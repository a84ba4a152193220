/** The descriptor of the chosen stream. */
import { useEffect, useState } from "preact/hooks";
import { type CallError, toCallError } from "../../client/errors.ts";
import { fetchDescriptor, type StreamDescriptor } from "../../client/index.ts";

export interface DescriptorView {
  readonly descriptor: StreamDescriptor | null;
  readonly error: CallError | null;
}

const NOTHING: DescriptorView = { descriptor: null, error: null };

/** @param attempt a new number asks again. */
export function useDescriptor(stream: string | null, attempt: number): DescriptorView {
  const [view, setView] = useState<DescriptorView & { readonly of: string | null }>({ ...NOTHING, of: null });
  useEffect(() => {
    if (stream === null) return;
    const abort = new AbortController();
    fetchDescriptor(stream, { signal: abort.signal }).then(
      (descriptor) => setView({ descriptor, error: null, of: stream }),
      (error: unknown) => {
        if (!abort.signal.aborted) setView({ descriptor: null, error: toCallError(error), of: stream });
      },
    );
    return () => abort.abort();
  }, [stream, attempt]);
  // What is known of the last stream says nothing about this one.
  return view.of === stream ? view : NOTHING;
}
