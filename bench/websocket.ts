/** Calls over WebSockets, straight to the node and bridged by the edge, beside the same over WebRTC: delay, and who pays for it. */
import { readFileSync } from "node:fs";
import { startMeter } from "./lib/machine.ts";
import { PACKET_MS } from "./lib/pacer.ts";
import { summarize } from "./lib/percentiles.ts";
import { processTree, treeUsage } from "./lib/process-tree.ts";
import { atLeast, atMost, type Measurement, median, type Row, type RowContext, type Scale } from "./lib/row.ts";
import { paceSockets, SocketLoadClient } from "./lib/socket-load.ts";
import { sleep } from "./lib/wait.ts";
import { loopbackRow } from "./loopback.ts";

const WARM_UP_MS = 3_000;
/** For the last frames to come back. */
const TAIL_MS = 300;
const SESSIONS: readonly number[] = [1, 40];
/** FastRTC, its own client and ours: it grows by 30 to 45 ms per second of call. */
const FASTRTC_ECHO = "220–340, growing";

export function webSocketRows({ quick }: Scale): Row[] {
  const durationMs = quick ? 5_000 : 15_000;
  const socketRow = (plane: "direct" | "bridged", sessions: number): Row => ({
    title: `websocket · ${plane} · ${sessions} session${sessions === 1 ? "" : "s"}`,
    server: plane === "direct" ? "full" : "bridged",
    estimateMs: 8_000 + durationMs + 50 * sessions,
    measure: (context) => measure(context, sessions, durationMs),
  });
  return [
    ...SESSIONS.map((sessions) => socketRow("direct", sessions)),
    ...SESSIONS.map((sessions) => socketRow("bridged", sessions)),
    loopbackRow("websocket · WebRTC beside it", Math.max(...SESSIONS), durationMs),
  ];
}

async function measure(
  { server, pinning, signal }: RowContext,
  sessions: number,
  durationMs: number,
): Promise<Measurement> {
  const clients: SocketLoadClient[] = [];
  for (let n = 0; n < sessions; n += 1) {
    clients.push(await SocketLoadClient.open(`${server.url}/socket/websocket/offer`, `bench-${n}`, signal));
  }
  const pacer = paceSockets(clients);
  try {
    await sleep(WARM_UP_MS, signal);
    const edge = edgeOf(server.pid);
    const fromMs = performance.now();
    const sentBefore = clients.reduce((sum, { sent }) => sum + sent, 0);
    const edgeBefore = treeUsage(edge).cpuMs;
    const stop = startMeter(server.pid, pinning);
    await sleep(durationMs, signal);
    const usage = stop();
    const edgeCpuMs = treeUsage(edge).cpuMs - edgeBefore;
    const sent = clients.reduce((sum, client) => sum + client.sent, 0) - sentBefore;
    const toMs = performance.now();
    await sleep(TAIL_MS, signal);
    const echoes = clients.flatMap((client) =>
      client.echoes.filter(({ sentAtMs }) => sentAtMs >= fromMs && sentAtMs <= toMs),
    );
    const delays = summarize(echoes.map(({ delayMs }) => delayMs));
    const core = (cpuMs: number): number => (100 * cpuMs) / usage.wallMs / sessions;
    return {
      usage,
      clientLateMs: summarize(pacer.lateMs),
      figures: [
        median("echo", delays, { target: atMost(25), fastRtc: FASTRTC_ECHO }),
        { name: "echo, p95", value: delays.p95, unit: "ms", target: atMost(50) },
        { name: "frames back", value: (100 * echoes.length) / sent, unit: "%", target: atLeast(100) },
        {
          name: "growth over the call",
          value: growth(echoes, fromMs, toMs),
          unit: "ms/s",
          target: atMost(1),
          fastRtc: "30–45",
        },
        { name: "edge's CPU per session", value: core(edgeCpuMs), unit: "% of a core" },
        { name: "node's CPU per session", value: core(usage.serverCpuMs - edgeCpuMs), unit: "% of a core" },
        {
          name: "frames a second and session",
          value: sent / sessions / ((toMs - fromMs) / 1_000),
          unit: "",
          target: atLeast(950 / PACKET_MS),
        },
      ],
    };
  } finally {
    pacer.stop();
    for (const client of clients) client.close();
  }
}

/** By how much the median delay of the last third is above that of the first, per second between them. */
function growth(
  echoes: readonly { readonly sentAtMs: number; readonly delayMs: number }[],
  fromMs: number,
  toMs: number,
): number {
  const third = (toMs - fromMs) / 3;
  const part = (from: number): number =>
    summarize(echoes.flatMap(({ sentAtMs, delayMs }) => (sentAtMs >= from && sentAtMs < from + third ? [delayMs] : [])))
      .p50;
  return (part(fromMs + 2 * third) - part(fromMs)) / ((2 * third) / 1_000);
}

/** The edge's process among the server's: workerd. @throws Error where there is none. */
function edgeOf(serverPid: number): number {
  const edge = processTree(serverPid).find((pid) => readFileSync(`/proc/${pid}/comm`, "latin1").startsWith("workerd"));
  if (edge === undefined) throw new Error("The server has no workerd.");
  return edge;
}
