/** How many threads a kind of model has in this process: the operator's say. */

/** Each has the model in memory once more. */
const MAX_THREADS = 32;

/**
 * @param name of the environment variable. Without it there is one: a session process is for one core.
 * @throws RangeError where it is no whole number from 1 to 32.
 */
export function threadsOf(name: string, env: NodeJS.ProcessEnv = process.env): number {
  const text = env[name] ?? "";
  if (text === "") return 1;
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return threads;
  throw new RangeError(`${name} must be a whole number from 1 to ${MAX_THREADS}, not "${text}".`);
}
