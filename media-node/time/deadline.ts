/** A promise that is not waited for for ever. */
import type { Clock } from "./clock.ts";

/**
 * Settles as `work` does, or rejects once `timeoutMs` have passed. What `work` does later is nobody's.
 * @param what did not end in time, for the error's message.
 * @param signal ends the wait, with its reason, also where `work` does not heed it.
 */
export async function within<T>(
  work: Promise<T>,
  timeoutMs: number,
  clock: Clock,
  what: string,
  signal?: AbortSignal,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(timeoutMs, () => reject(new Error(`${what} took longer than ${timeoutMs} ms.`)));
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted === true) abort();
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", abort);
  }
}
