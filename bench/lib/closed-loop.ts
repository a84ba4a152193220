/** A load that is always the same: so many clients, each of which does one thing after the other. */

export interface LoopResult {
  /** How long each thing took. */
  readonly tookMs: readonly number[];
  readonly wallMs: number;
}

/**
 * Repeats `work` for `durationMs`, `clients` at a time; what has begun by then is finished.
 * @param work does one thing, or several, and returns how long each took, in milliseconds.
 * @throws what `work` throws, once every client has stopped.
 */
export async function closedLoop(
  clients: number,
  durationMs: number,
  signal: AbortSignal,
  work: () => Promise<readonly number[]>,
): Promise<LoopResult> {
  const startMs = performance.now();
  const tookMs: number[] = [];
  let failed = false;
  const client = async (): Promise<void> => {
    try {
      while (!failed && performance.now() - startMs < durationMs) {
        signal.throwIfAborted();
        tookMs.push(...(await work()));
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: clients }, client));
  const failure = ended.find((end) => end.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return { tookMs, wallMs: performance.now() - startMs };
}
