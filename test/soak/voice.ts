/** Voice calls in real time for many minutes, to see whether a session process keeps more and more memory. */
import { readFile } from "node:fs/promises";
import { setTimeout as after } from "node:timers/promises";
import { encode, padded, sentence } from "../../bench/lib/clips.ts";
import { LoadClient } from "../../bench/lib/load-client.ts";
import { Pacer } from "../../bench/lib/pacer.ts";
import { summarize } from "../../bench/lib/percentiles.ts";
import { type NodeHandle, Stack } from "../support/stack.ts";

/** Callers who stay, and callers who come and go. */
const STAYING = 8;
const VISITORS = 4;
const VISIT_MS = 20_000;
/** A sentence, a reply, and for every second caller a reply that is interrupted by the next sentence. */
const PERIODS_MS = [8_000, 3_600] as const;
const SAMPLE_EVERY_MS = 5_000;
/** Until then caches fill and the compiler works. */
const WARM_UP_MS = 120_000;
/** Ten minutes of one leaked packet per caller would be 60 MB. */
const MAX_SLOPE_MB_PER_MINUTE = 1;

export interface VoiceSoakOptions {
  readonly durationMs: number;
  /** Default 120,000, at most half of the whole. */
  readonly warmUpMs?: number;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

interface Sample {
  readonly atMs: number;
  readonly residentMb: number;
}

export interface VoiceSoakReport {
  readonly minutes: number;
  readonly calls: number;
  readonly answers: number;
  readonly firstMb: number;
  readonly lastMb: number;
  readonly slopeMbPerMinute: number;
}

export async function soakVoice(options: VoiceSoakOptions): Promise<VoiceSoakReport> {
  const { durationMs, signal } = options;
  const stack = await Stack.start("test/fixtures/streams.ts");
  const over = new AbortController();
  const end = over.signal;
  signal.addEventListener("abort", () => over.abort(), { once: true });
  try {
    const node = await stack.startNode({ shards: 1 });
    const timer = setTimeout(() => over.abort(), durationMs);
    const [staying, visits, samples] = await Promise.all([
      callsOf(stack.url, STAYING, end),
      visitUntil(stack.url, end),
      watch(node, options, end),
    ]).finally(() => {
      clearTimeout(timer);
      over.abort();
    });
    const warmUpMs = Math.min(options.warmUpMs ?? WARM_UP_MS, durationMs / 2);
    const settled = samples.filter(({ atMs }) => atMs >= warmUpMs);
    return {
      minutes: durationMs / 60_000,
      calls: STAYING + visits.calls,
      answers: staying + visits.answers,
      firstMb: settled[0]?.residentMb ?? Number.NaN,
      lastMb: settled.at(-1)?.residentMb ?? Number.NaN,
      slopeMbPerMinute: slope(settled) * 60_000,
    };
  } finally {
    await stack.stop();
  }
}

/** Every way in which the soak failed; none if it passed. */
export function voiceFailures({ answers, minutes, slopeMbPerMinute }: VoiceSoakReport): string[] {
  // Nobody is answered less than once in ten seconds.
  const expected = STAYING * minutes * 6;
  return [
    ...(answers >= expected ? [] : [`only ${answers} answers; ${expected} at least were to come`]),
    ...(slopeMbPerMinute <= MAX_SLOPE_MB_PER_MINUTE
      ? []
      : [`memory grows by ${slopeMbPerMinute.toFixed(2)} MB a minute; ${MAX_SLOPE_MB_PER_MINUTE} is allowed`]),
  ];
}

/** Talks on `count` lines until the end, or for `mostMs`. @returns how many answers began. */
async function callsOf(
  url: string,
  count: number,
  end: AbortSignal,
  mostMs = Number.POSITIVE_INFINITY,
): Promise<number> {
  const clips = await Promise.all(PERIODS_MS.map(async (ms) => encode(padded(await sentence(), 400, ms))));
  const clients = Array.from({ length: count }, () => new LoadClient());
  try {
    // One that is connecting when time is up has had its chance.
    const patience = AbortSignal.timeout(30_000);
    for (const client of clients) await client.connect(`${url}/echo`, patience);
    const speakers = clients.map((client, i) => {
      const packets = clips[i % clips.length] ?? [];
      return { client, packets, offset: Math.round((i / count) * packets.length) };
    });
    const pacer = new Pacer(speakers);
    try {
      for (let ms = 0; ms < mostMs && !end.aborted; ms += SAMPLE_EVERY_MS) {
        await wait(SAMPLE_EVERY_MS, end);
        pacer.forgetLateness();
      }
    } finally {
      pacer.stop();
    }
    return clients.reduce((sum, client) => sum + client.heard("response_starting").length, 0);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** Short calls, one group after the other. */
async function visitUntil(
  url: string,
  end: AbortSignal,
): Promise<{ readonly calls: number; readonly answers: number }> {
  let calls = 0;
  let answers = 0;
  while (!end.aborted) {
    answers += await callsOf(url, VISITORS, end, VISIT_MS);
    calls += VISITORS;
  }
  return { calls, answers };
}

async function watch(node: NodeHandle, { onProgress }: VoiceSoakOptions, end: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startMs = performance.now();
  while (!end.aborted) {
    await wait(SAMPLE_EVERY_MS, end);
    const [pid] = await node.shardPids();
    if (pid === undefined) throw new Error("the session process is gone");
    const sample = { atMs: performance.now() - startMs, residentMb: await residentMb(pid) };
    samples.push(sample);
    if (samples.length % 12 === 0) {
      onProgress(`${(sample.atMs / 60_000).toFixed(1)} min: ${sample.residentMb.toFixed(1)} MB`);
    }
  }
  return samples;
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "latin1");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
}

/**
 * In MB a millisecond: the median over all pairs. The heap grows in steps, now and then, up to a size that it keeps; one step is no
 * slope, and a leak is one between most pairs.
 */
function slope(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((from, i) =>
    samples.slice(i + 1).map((to) => (to.residentMb - from.residentMb) / (to.atMs - from.atMs)),
  );
  return summarize(slopes).p50;
}

/** Settles after `ms`, or at the end. */
async function wait(ms: number, end: AbortSignal): Promise<void> {
  try {
    await after(ms, undefined, { signal: end });
  } catch (error) {
    if (!end.aborted) throw error;
  }
}
