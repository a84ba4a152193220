/** The thread's side of a {@link JobPool}: takes jobs one at a time and answers each. */
import type { MessagePort, Transferable } from "node:worker_threads";
import { CLOSE, READY } from "./engine-thread.ts";
import { type FromWorker, parseToWorker } from "./job-protocol.ts";

export interface JobResult {
  readonly result: unknown;
  readonly transfer?: readonly Transferable[];
}

/**
 * Tells that the thread is ready, and works from then on.
 * @param work does one job. The signal aborts when nobody wants the result any more; then it may return anything.
 */
export function serveJobs(
  port: MessagePort,
  work: (payload: unknown, signal: AbortSignal) => JobResult | Promise<JobResult>,
): void {
  let running: { readonly id: number; readonly stop: AbortController } | undefined;
  const answer = (message: FromWorker, transfer: readonly Transferable[] = []) => port.postMessage(message, transfer);

  const run = async (id: number, payload: unknown) => {
    const stop = new AbortController();
    running = { id, stop };
    try {
      const { result, transfer } = await work(payload, stop.signal);
      answer({ kind: "done", id, result }, transfer);
    } catch (error) {
      answer({ kind: "failed", id, error: error instanceof Error ? error.message : String(error) });
    }
  };
  port.on("message", (raw: unknown) => {
    if (raw === CLOSE) {
      running?.stop.abort();
      port.close();
      return;
    }
    const message = parseToWorker(raw);
    if (message.kind === "job") void run(message.id, message.payload);
    else if (running?.id === message.id) running.stop.abort();
  });
  port.postMessage(READY);
}
