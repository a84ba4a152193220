/** Calls to objects that may be reset in the middle: by a deploy, an eviction or a fault. */

const flag = (error: unknown, name: string): boolean =>
  typeof error === "object" && error !== null && Reflect.get(error, name) === true;

/** True if the object was reset under the call, so that the same call on a new stub may succeed. */
export function isReset(error: unknown): boolean {
  // An overloaded object must never be called again at once.
  if (flag(error, "overloaded")) return false;
  return flag(error, "retryable") || flag(error, "durableObjectReset");
}

/**
 * Calls an object, once more if it was reset meanwhile. Only for calls that are idempotent.
 * @param call makes the call on a new stub each time: a stub is broken for good once its object was reset.
 */
export async function callObject<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isReset(error)) throw error;
    return await call();
  }
}
