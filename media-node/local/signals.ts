/**
 * Keeps a library from ending the process. Miniflare exits on the first signal, before calls are told that they end; who
 * runs a local edge stops it by itself, and what is left of it goes with the process (guard.ts).
 */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `start` and takes away the signal handlers that it has put up. */
export function withoutSignalHandlers<T>(start: () => T): T {
  const before = SIGNALS.map((signal) => [signal, new Set(process.listeners(signal))] as const);
  const started = start();
  for (const [signal, known] of before) {
    for (const listener of process.listeners(signal)) {
      if (!known.has(listener)) process.removeListener(signal, listener);
    }
  }
  return started;
}
