/** Entry of the thread that runs a stream's video code: loads the stream file, then serves one session. */
import { parentPort, workerData } from "node:worker_threads";
import * as v from "valibot";
import { StrayErrors } from "../../shard/stray-errors.ts";
import { loadStreams } from "../../stream/load.ts";
import { systemClock } from "../../time/clock.ts";
import { type FromThread, ToThread } from "./messages.ts";
import { ThreadSession } from "./thread-session.ts";

const port = parentPort;
if (port === null) throw new Error("This file is a worker's.");
const { streamFile } = v.parse(v.object({ streamFile: v.string() }), workerData);

const tell = (message: FromThread): void => port.postMessage(message);

function tellFailure(what: string, error: unknown): void {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  tell({ kind: "failed", what, message, ...(stack === undefined ? {} : { stack }) });
}

const stray = new StrayErrors({
  clock: systemClock,
  onRejection: (error) => tellFailure("unhandled rejection", error),
  onFault: (error) => {
    tellFailure("uncaught exception: the handler's thread ends", error);
    process.exit(1);
  },
});
process.on("unhandledRejection", (error) => stray.rejected(error));
process.on("uncaughtException", (error) => stray.thrown(error));

async function serve(): Promise<void> {
  const streams = await loadStreams(streamFile);
  let session: ThreadSession | undefined;
  port?.on("message", (raw: unknown) => {
    const message = v.parse(ToThread, raw);
    if (message.kind === "ping") return tell({ kind: "pong" });
    if (message.kind !== "start") return session?.receive(message);
    const stream = streams.get(message.facts.stream);
    if (stream === undefined) return tell({ kind: "broken", message: `There is no stream ${message.facts.stream}.` });
    session = new ThreadSession({ stream, start: message, clock: systemClock, tell });
  });
  tell({ kind: "loaded" });
}

serve().catch((error: unknown) => {
  tell({ kind: "broken", message: error instanceof Error ? error.message : String(error) });
});
