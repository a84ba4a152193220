/**
 * Video at 640×480, 30 pictures a second: how many come back, what a session costs, how long a picture is under way through
 * the node; and whether a function that blocks is felt by anybody else.
 */
import { encode, speech } from "./lib/clips.ts";
import { type LoadClient, withClients } from "./lib/load-client.ts";
import { startMeter } from "./lib/machine.ts";
import { PACKET_MS, Pacer } from "./lib/pacer.ts";
import { type Summary, summarize } from "./lib/percentiles.ts";
import { atLeast, atMost, corePercent, type Figure, median, type Row, type RowContext, type Scale } from "./lib/row.ts";
import { encodedCamera, FRAMES_PER_SECOND, VideoClient } from "./lib/video-client.ts";
import { sleep } from "./lib/wait.ts";

const WARM_UP_MS = 3_000;
const SESSIONS = [1, 2, 4];

interface Watched {
  readonly clients: readonly VideoClient[];
  readonly lateMs: number[];
}

export function videoRows({ quick }: Scale): Row[] {
  const durationMs = quick ? 4_000 : 12_000;
  const sizes = quick ? [1] : SESSIONS;
  return [
    ...sizes.map((sessions) => videoRow("pass", sessions, durationMs)),
    ...sizes.map((sessions) => videoRow("flip", sessions, durationMs)),
    besideBusyRow(durationMs),
  ];
}

function videoRow(stream: "pass" | "flip", sessions: number, durationMs: number): Row {
  return {
    title: `video · ${stream} · ${sessions} session${sessions === 1 ? "" : "s"}`,
    server: "video",
    estimateMs: 10_000 + durationMs,
    measure: (context) =>
      withCameras(context, [stream], sessions, async ({ clients, lateMs }) => {
        const stop = startMeter(context.server.pid, context.pinning);
        await sleep(durationMs, context.signal);
        const usage = stop();
        // Two sessions are more than a core with their client has room for.
        const target = stream === "flip" && sessions === 1;
        return {
          usage,
          clientLateMs: summarize(lateMs),
          figures: [
            ...returned(clients, durationMs, target),
            {
              name: "server CPU per session",
              value: corePercent(usage, sessions),
              unit: "% of a core",
              ...(target ? { target: atMost(45) } : {}),
            },
          ],
        };
      }),
  };
}

/** One session flips, one blocks its thread for 50 ms a picture, one is a voice call. */
function besideBusyRow(durationMs: number): Row {
  return {
    title: "video · flip and a voice call beside a function that blocks for 50 ms",
    server: "video",
    estimateMs: 12_000 + durationMs,
    measure: async (context) => {
      const { server, signal, pinning } = context;
      const packets = await encode(await speech());
      return await withClients(`${server.url}/loopback`, 1, signal, (callers) =>
        withCameras(context, ["flip", "busy"], 1, async ({ clients: [flip, busy], lateMs }) => {
          const pacer = new Pacer(callers.map((client) => ({ client, packets, offset: 0 })));
          try {
            await sleep(WARM_UP_MS, signal);
            for (const caller of callers) caller.recording = true;
            const stop = startMeter(server.pid, pinning);
            await sleep(durationMs, signal);
            const usage = stop();
            return {
              usage,
              clientLateMs: summarize(lateMs),
              figures: [
                ...returned(flip === undefined ? [] : [flip], durationMs + WARM_UP_MS, false),
                ...(busy === undefined
                  ? []
                  : [framesPerSecond("the one that blocks", [busy], durationMs + WARM_UP_MS)]),
                {
                  name: "lateness of an audio packet, p95",
                  value: lateness(callers).p95,
                  unit: "ms",
                  target: atMost(20),
                },
              ],
            };
          } finally {
            pacer.stop();
          }
        }),
      );
    },
  };
}

function returned(clients: readonly VideoClient[], durationMs: number, targets: boolean): Figure[] {
  const delays = summarize(clients.flatMap((client) => client.returned.map(({ delayMs }) => delayMs)));
  const rate = framesPerSecond("pictures back, worst session", clients, durationMs);
  return [
    targets ? { ...rate, target: atLeast(29.5) } : rate,
    median("delay through the node", delays, targets ? { target: atMost(50) } : {}),
    { name: "delay through the node, p95", value: delays.p95, unit: "ms" },
  ];
}

function framesPerSecond(name: string, clients: readonly VideoClient[], durationMs: number): Figure {
  return {
    name,
    value: Math.min(...clients.map((one) => (1_000 * one.returned.length) / durationMs)),
    unit: "a second",
  };
}

/** By how much more than 20 ms each packet came after the one before it. */
function lateness(callers: readonly LoadClient[]): Summary {
  return summarize(
    callers.flatMap(({ received }) =>
      received.slice(1).map(({ atMs }, i) => Math.max(0, atMs - (received[i]?.atMs ?? atMs) - PACKET_MS)),
    ),
  );
}

/** Runs `work` with cameras that send, `each` of them to each stream, once they have warmed up. */
async function withCameras<T>(
  { server, signal }: RowContext,
  streams: readonly string[],
  each: number,
  work: (watched: Watched) => Promise<T>,
): Promise<T> {
  const frames = await encodedCamera();
  const paths = streams.flatMap((stream) => Array.from({ length: each }, () => stream));
  const clients = paths.map(() => new VideoClient(frames));
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.all(clients.map((client, n) => client.connect(`${server.url}/${paths[n]}`, signal)));
    const startMs = performance.now();
    let lateMs: number[] = [];
    const tick = () => {
      const nowMs = performance.now();
      for (const [n, client] of clients.entries()) {
        const phase = n / clients.length;
        for (;;) {
          const dueMs = startMs + ((client.sent + phase) * 1_000) / FRAMES_PER_SECOND;
          if (dueMs > nowMs) break;
          lateMs.push(nowMs - dueMs);
          client.sendFrame();
        }
      }
      timer = setTimeout(tick, 1);
    };
    tick();
    await sleep(WARM_UP_MS, signal);
    lateMs = [];
    for (const client of clients) client.recording = true;
    return await work({
      clients,
      get lateMs() {
        return lateMs;
      },
    });
  } finally {
    clearTimeout(timer);
    await Promise.all(clients.map((client) => client.close()));
  }
}
