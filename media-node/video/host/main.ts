/** Entry of a video process: the codecs in this thread, the stream's code in another, the shard behind the IPC channel. */
import { setPriority } from "node:os";
import { Worker } from "node:worker_threads";
import * as v from "valibot";
import { systemClock } from "../../time/clock.ts";
import { createVideoDecoder, createVideoEncoder } from "../codec/index.ts";
import { FromThread, type FromVideoProcess, ToVideoProcess } from "./messages.ts";
import { type HandlerThread, type ThreadEvents, VideoProcess } from "./video-process.ts";

const [, , streamFile = ""] = process.argv;

/** Audio comes first: where cores are short, pictures wait for it. A third of the weight of the shard's. */
const NICENESS = 5;

// Threads begin with the priority of the one that starts them.
setPriority(NICENESS);

function tell(message: FromVideoProcess): void {
  // The shard is gone when the channel is closed; `disconnect` below ends this process.
  if (process.connected) process.send?.(message);
}

/** A video process never outlives its shard. */
process.on("disconnect", () => process.exit(1));

// A terminal's Ctrl-C reaches every process of the node; the shard ends this one in good order.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);

function startThread(events: ThreadEvents): HandlerThread {
  const worker = new Worker(new URL("./thread.ts", import.meta.url), { workerData: { streamFile } });
  let state: "running" | "over" = "running";
  const exited = (cause: string): void => {
    if (state === "over") return;
    state = "over";
    events.exited(cause);
  };
  worker.on("message", (raw: unknown) => events.message(v.parse(FromThread, raw)));
  worker.on("error", (error) => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    tell({ kind: "failed", what: "the handler's thread", message, ...(stack === undefined ? {} : { stack }) });
    exited(message);
  });
  worker.on("exit", (code) => exited(`exit code ${code}`));
  return {
    post: (message, moved = []) => worker.postMessage(message, moved),
    terminate: () => {
      state = "over";
      worker.terminate().then(
        () => undefined,
        (error: unknown) => tell({ kind: "failed", what: "ending the handler's thread", message: String(error) }),
      );
    },
  };
}

const video = new VideoProcess({
  createDecoder: createVideoDecoder,
  createEncoder: createVideoEncoder,
  startThread,
  clock: systemClock,
  tell,
  // What was said last is still to be sent.
  onStopped: () => process.disconnect?.(),
});
process.on("message", (raw) => video.receive(v.parse(ToVideoProcess, raw)));
