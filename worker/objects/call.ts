/**
 * Calls to objects that may be reset in the middle, by a deploy, an eviction or a fault, or that run the code of the
 * release before.
 */

/** Waits before the second and the third try: the first reset is over at once, a deploy may take a moment. */
const RETRY_AFTER_MS: readonly number[] = [0, 100];

const flag = (error: unknown, name: string): boolean =>
  typeof error === "object" && error !== null && Reflect.get(error, name) === true;

/** True if the object was reset under the call, so that the same call on a new stub may succeed. */
export function isReset(error: unknown): boolean {
  // An overloaded object must never be called again at once.
  if (flag(error, "overloaded")) return false;
  return flag(error, "retryable") || flag(error, "durableObjectReset");
}

/** True if the object still runs a release that does not have the method: it will, a few minutes into a deploy. */
export function isOlder(error: unknown): boolean {
  return error instanceof TypeError && /RPC receiver does not implement/.test(error.message);
}

/**
 * Calls an object, up to twice more if it was reset meanwhile. Only for calls that are idempotent.
 * @param call makes the call on a new stub each time: a stub is broken for good once its object was reset.
 */
export async function callObject<T>(call: () => Promise<T>): Promise<T> {
  for (const waitMs of RETRY_AFTER_MS) {
    try {
      return await call();
    } catch (error) {
      if (!isReset(error)) throw error;
      // Spread, so that everybody who waited for the object does not come back as one.
      if (waitMs > 0) await scheduler.wait(waitMs * (0.5 + Math.random()));
    }
  }
  return await call();
}
