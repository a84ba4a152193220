/** Calls whose audio goes through the handler and back: delay, cost, and whether every packet comes back in time. */

import { encode, speech } from "./lib/clips.ts";
import { echoDelays } from "./lib/echo-delay.ts";
import { type ReceivedPacket, withClients } from "./lib/load-client.ts";
import { startMeter } from "./lib/machine.ts";
import { PACKET_MS, Pacer } from "./lib/pacer.ts";
import { summarize } from "./lib/percentiles.ts";
import {
  atLeast,
  atMost,
  corePercent,
  type Measurement,
  median,
  type Row,
  type RowContext,
  type Scale,
} from "./lib/row.ts";
import { addBursts } from "./lib/tone-bursts.ts";
import { sleep } from "./lib/wait.ts";

const WARM_UP_MS = 3_000;
/** For the last packets to come back. */
const TAIL_MS = 300;
/** Speakers begin this many packets apart in the same ten seconds. */
const SPEAKER_STEP = 37;
/** Sessions in which tone bursts are looked for. */
const MAX_LISTENERS = 8;

const FASTRTC: Readonly<Record<number, { readonly echo: string; readonly cpu: string; readonly late: string }>> = {
  1: { echo: "128–149", cpu: "6", late: "0" },
  20: { echo: "128–149", cpu: "3.2", late: "0 (p99 3.2)" },
  40: { echo: "184", cpu: "2.4", late: "0 (p99 9.7)" },
};

export function loopbackRows({ quick, more }: Scale): Row[] {
  const durationMs = quick ? 5_000 : 15_000;
  return [1, 20, ...(more ? [40] : [])].map((sessions) => loopbackRow("loopback", sessions, durationMs));
}

export function loopbackRow(benchmark: string, sessions: number, durationMs: number): Row {
  return {
    title: `${benchmark} · ${sessions} session${sessions === 1 ? "" : "s"}`,
    server: "full",
    estimateMs: 8_000 + durationMs + 100 * sessions,
    measure: (context) => measure(context, sessions, durationMs),
  };
}

async function measure({ server, pinning, signal }: RowContext, sessions: number, durationMs: number) {
  const packets = await encode(addBursts(await speech()));
  return await withClients(`${server.url}/loopback`, sessions, signal, async (clients): Promise<Measurement> => {
    const speakers = clients.map((client, i) => ({ client, packets, offset: i * SPEAKER_STEP }));
    const pacer = new Pacer(speakers);
    try {
      await sleep(WARM_UP_MS, signal);
      pacer.forgetLateness();
      for (const client of clients) client.recording = true;
      const firstSent = clients.map(({ sentAtMs }) => sentAtMs.length);
      const startMs = performance.now();
      const stop = startMeter(server.pid, pinning);
      await sleep(durationMs, signal);
      const usage = stop();
      const endMs = performance.now();
      const lastSent = clients.map(({ sentAtMs }) => sentAtMs.length);
      const clientLateMs = summarize(pacer.lateMs);
      await sleep(TAIL_MS, signal);
      pacer.stop();

      const inTime = clients.map(({ received }) => received.filter(({ atMs }) => atMs <= endMs));
      const back = inTime.map(({ length }) => (100 * length * PACKET_MS) / (endMs - startMs));
      const step = Math.ceil(sessions / MAX_LISTENERS);
      const listeners = speakers.flatMap((speaker, i) =>
        i % step === 0 ? [{ speaker, from: firstSent[i] ?? 0, to: lastSent[i] ?? 0 }] : [],
      );
      const echoes = await echoDelays(packets, listeners);
      const late = summarize(inTime.flatMap(lateness));
      const compared = FASTRTC[sessions];
      const cpuTarget = sessions === 20 ? { target: atMost(1.6) } : {};
      return {
        usage,
        clientLateMs,
        figures: [
          median("echo", summarize(echoes.delaysMs), { target: atMost(80), fastRtc: compared?.echo ?? "" }),
          {
            name: "bursts found",
            value: (100 * echoes.delaysMs.length) / echoes.sent,
            unit: "%",
            target: atLeast(100),
          },
          {
            name: "server CPU per session",
            value: corePercent(usage, sessions),
            unit: "% of a core",
            ...cpuTarget,
            fastRtc: compared?.cpu ?? "",
          },
          // A packet at either edge of the time may fall out of it.
          {
            name: "packets back, worst session",
            value: Math.min(...back),
            unit: "%",
            target: atLeast(99.5),
            fastRtc: "99.8",
          },
          median("lateness of a packet", late, { fastRtc: compared?.late ?? "" }),
          { name: "lateness of a packet, p95", value: late.p95, unit: "ms", target: atMost(20) },
          median("drift over the call", summarize(inTime.flatMap(drift))),
        ],
      };
    } finally {
      pacer.stop();
    }
  });
}

/** By how much more than 20 ms each packet came after the one before it. */
function lateness(received: readonly ReceivedPacket[]): number[] {
  return received.slice(1).map(({ atMs }, i) => Math.max(0, atMs - (received[i]?.atMs ?? atMs) - PACKET_MS));
}

/** How far behind its RTP time each packet came, above the earliest of its session: a queue that grows shows here. */
function drift(received: readonly ReceivedPacket[]): number[] {
  const first = received[0]?.timestamp ?? 0;
  const behind = received.map(({ atMs, timestamp }) => atMs - ((timestamp - first) | 0) / 48);
  const least = behind.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return behind.map((ms) => ms - least);
}
