/** Server-sent events: writes what it is given as it comes, keeps the connection open between, and ends in time. */

export interface ServerEvent {
  /** What the client sends as `Last-Event-ID` when it comes back. */
  readonly id: string;
  /** Default `output`, which FastRTC's pages listen to. */
  readonly event?: string;
  /** A text as it is; anything else as JSON. */
  readonly data: unknown;
}

export interface EventStreamOptions {
  /** Ends `events`: the client has gone, or it is time. */
  readonly onDone: () => void;
  /** A comment is written after this much silence, so that no proxy takes the connection for dead. Default 15,000. */
  readonly keepAliveMs?: number;
  /** The response ends after this long; the client comes back by itself. Default 300,000. */
  readonly maxMs?: number;
}

const KEEP_ALIVE_MS = 15_000;
/** Whatever is lost on the way, a client learns of it when it comes back. */
const MAX_STREAM_MS = 5 * 60_000;
/** How long a client waits before it comes back, in milliseconds. */
const RETRY_MS = 1_000;
/** Characters that wait for a client who is slow. Past it the response ends: the client comes back for the rest. */
const MAX_BUFFERED_CHARS = 4 * 1024 * 1024;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** @param events is read until it ends, fails or the client goes; a failure ends the response. */
export function eventStream(events: AsyncIterable<ServerEvent>, options: EventStreamOptions): Response {
  const { onDone, keepAliveMs = KEEP_ALIVE_MS, maxMs = MAX_STREAM_MS } = options;
  const encoder = new TextEncoder();
  let stop: () => void = onDone;
  let open = true;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string): void => {
          if (open) controller.enqueue(encoder.encode(text));
        };
        // In the Worker, not in an object: nothing is billed while it waits.
        const keepAlive = setInterval(() => write(":\n\n"), keepAliveMs);
        const end = setTimeout(onDone, maxMs);
        stop = () => {
          clearInterval(keepAlive);
          clearTimeout(end);
          onDone();
        };
        write(`retry: ${RETRY_MS}\n\n`);
        pump(events, (event) => {
          write(frame(event));
          return (controller.desiredSize ?? 0) > 0;
        }).then(
          () => {
            stop();
            if (open) controller.close();
          },
          (error: unknown) => {
            stop();
            if (open) controller.error(error);
          },
        );
      },
      cancel() {
        open = false;
        stop();
      },
    },
    { highWaterMark: MAX_BUFFERED_CHARS, size: (chunk) => chunk.byteLength },
  );
  return new Response(body, { headers: HEADERS });
}

/** An event stream with nothing in it but why, and when to come back. */
export function comeBack(why: string): Response {
  return new Response(`retry: ${RETRY_MS}\n: ${why}\n\n`, { headers: HEADERS });
}

/** @param write returns false if the client is too slow. */
async function pump(events: AsyncIterable<ServerEvent>, write: (event: ServerEvent) => boolean): Promise<void> {
  for await (const event of events) if (!write(event)) return;
}

/** One event on the wire. A line break in the data begins another data line. */
export function frame({ id, event = "output", data }: ServerEvent): string {
  const text = typeof data === "string" ? data : (JSON.stringify(data) ?? "null");
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `id: ${id}\nevent: ${event}\n${lines.join("")}\n`;
}
