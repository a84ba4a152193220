/** Calls whose audio goes through the handler and back: delay, cost, and whether every packet comes back in time. */

import { decode, encode, FRAME_SAMPLES, speech } from "./lib/clips.ts";
import { withClients } from "./lib/load-client.ts";
import { startMeter } from "./lib/machine.ts";
import { PACKET_MS, Pacer, packetIndex, type Speaker } from "./lib/pacer.ts";
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
import { addBursts, BurstFinder, burstRange } from "./lib/tone-bursts.ts";
import { sleep } from "./lib/wait.ts";

const WARM_UP_MS = 3_000;
/** For the last packets to come back. */
const TAIL_MS = 300;
/** Speakers begin this many packets apart in the same ten seconds. */
const SPEAKER_STEP = 37;
/** Sessions in which tone bursts are looked for. */
const MAX_LISTENERS = 8;
/** A burst that has not come back by then is lost. */
const SEARCH_PACKETS = 100;

const FASTRTC: Readonly<Record<number, { readonly echo: string; readonly cpu: string; readonly late: string }>> = {
  1: { echo: "128–149", cpu: "6", late: "0" },
  20: { echo: "128–149", cpu: "3.2", late: "0 (p99 3.2)" },
  40: { echo: "184", cpu: "2.4", late: "0 (p99 9.7)" },
};

export function loopbackRows({ quick, more }: Scale): Row[] {
  const durationMs = quick ? 5_000 : 15_000;
  return [1, 20, ...(more ? [40] : [])].map((sessions) => ({
    title: `loopback · ${sessions} session${sessions === 1 ? "" : "s"}`,
    ice: "full",
    estimateMs: 8_000 + durationMs + 100 * sessions,
    measure: (context) => measure(context, sessions, durationMs),
  }));
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

      const back = clients.map(({ received }) => {
        const inTime = received.filter(({ atMs }) => atMs <= endMs).length;
        return (100 * inTime * PACKET_MS) / (endMs - startMs);
      });
      const step = Math.ceil(sessions / MAX_LISTENERS);
      const listeners = speakers.flatMap((speaker, i) =>
        i % step === 0 ? [{ speaker, from: firstSent[i] ?? 0, to: lastSent[i] ?? 0 }] : [],
      );
      const echoes = await echoDelays(packets, listeners);
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
          median("lateness of a packet", summarize(speakers.flatMap(lateness)), { fastRtc: compared?.late ?? "" }),
          median("drift over the call", summarize(speakers.flatMap(drift))),
        ],
      };
    } finally {
      pacer.stop();
    }
  });
}

/** By how much more than 20 ms each packet came after the one before it. */
function lateness({ client: { received } }: Speaker): number[] {
  return received.slice(1).map(({ atMs }, i) => Math.max(0, atMs - (received[i]?.atMs ?? atMs) - PACKET_MS));
}

/** How far behind its RTP time each packet came, above the earliest of its session: a queue that grows shows here. */
function drift({ client: { received } }: Speaker): number[] {
  const first = received[0]?.timestamp ?? 0;
  const behind = received.map(({ atMs, timestamp }) => atMs - ((timestamp - first) | 0) / 48);
  const least = behind.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return behind.map((ms) => ms - least);
}

/** A speaker with the range of packets that it sent while it was measured. */
interface Listener {
  readonly speaker: Speaker;
  readonly from: number;
  readonly to: number;
}

/** From the moment a burst was sent to the moment it came back. */
async function echoDelays(packets: readonly Buffer[], listeners: readonly Listener[]) {
  const finders = BurstFinder.all();
  // The second time round is what is sent again and again.
  const clip = (await decode([...packets, ...packets])).subarray(packets.length * FRAME_SAMPLES);
  const bursts = new Map(
    finders.flatMap((finder, second) => {
      const at = finder.find(clip, ...burstRange(second));
      return at === undefined ? [] : [[Math.floor(at / FRAME_SAMPLES), { finder, at }] as const];
    }),
  );
  const delaysMs: number[] = [];
  let sent = 0;
  for (const { speaker, from, to } of listeners) {
    const { received, sentAtMs } = speaker.client;
    const heard = await decode(received.map(({ payload }) => payload));
    for (let n = from; n < to; n++) {
      const burst = bursts.get(packetIndex(speaker, n));
      const packetMs = sentAtMs[n];
      if (burst === undefined || packetMs === undefined) continue;
      const sentMs = packetMs + (burst.at % FRAME_SAMPLES) / 48;
      const first = received.findIndex(({ atMs }) => atMs >= sentMs);
      // One sent in the last moment has not had the time to come back.
      if (first < 0 || received.length - first < 20) continue;
      sent += 1;
      const at = burst.finder.find(heard, first * FRAME_SAMPLES, (first + SEARCH_PACKETS) * FRAME_SAMPLES);
      const arrival = at === undefined ? undefined : received[Math.floor(at / FRAME_SAMPLES)];
      if (at !== undefined && arrival !== undefined) {
        delaysMs.push(arrival.atMs + (at % FRAME_SAMPLES) / 48 - sentMs);
      }
    }
  }
  return { delaysMs, sent };
}
