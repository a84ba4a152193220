/** A promise that is not waited for for ever. */
import type { Clock } from "./clock.ts";

/**
 * Settles as `work` does, or rejects once `timeoutMs` have passed. What `work` does later is nobody's.
 * @param what did not end in time, for the error's message.
 */
export async function within<T>(work: Promise<T>, timeoutMs: number, clock: Clock, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(timeoutMs, () => reject(new Error(`${what} took longer than ${timeoutMs} ms.`)));
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.cancel();
  }
}
