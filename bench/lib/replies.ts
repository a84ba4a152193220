/** What speakers hear back after each of their sentences: when the reply came, when it could be heard, and whether they were cut off. */
import { levelDb } from "../../test/support/audio.ts";
import { decode, encode, FRAME_SAMPLES, lastAudible, padded } from "./clips.ts";
import { type LoadClient, withClients } from "./load-client.ts";
import { startMeter } from "./machine.ts";
import { Pacer, packetIndex, type Speaker } from "./pacer.ts";
import { type Summary, summarize } from "./percentiles.ts";
import type { Measurement, RowContext } from "./row.ts";
import { sleep } from "./wait.ts";

/** Silence before the sentence. */
export const LEAD_MS = 500;
/** Packets after less than this belong to the reply before. */
const BURST_GAP_MS = 300;
const AUDIBLE_DB = -50;

/** A clip of one sentence and the silence after it, said over and over. */
export interface Utterance {
  readonly packets: readonly Buffer[];
  readonly firstPacket: number;
  /** The packet in which the last word ends, and how far into it. */
  readonly lastPacket: number;
  readonly restMs: number;
  readonly silenceMs: number;
}

/** The sentence, from its first word on, once in every `periodMs`. */
export async function utterance(pcm: Int16Array, periodMs: number): Promise<Utterance> {
  const clip = padded(pcm, LEAD_MS, periodMs);
  const last = lastAudible(clip);
  return {
    packets: await encode(clip),
    firstPacket: Math.floor((48 * LEAD_MS) / FRAME_SAMPLES),
    lastPacket: Math.floor(last / FRAME_SAMPLES),
    restMs: (last % FRAME_SAMPLES) / 48,
    silenceMs: periodMs - last / 48,
  };
}

/** What came back after one sentence; times from its end. Undefined: nothing came before the next one. */
export interface Heard {
  readonly firstPacketMs: number | undefined;
  readonly audibleMs: number | undefined;
  readonly decidedMs: number | undefined;
  /** The last packet of the reply. */
  readonly endMs: number | undefined;
  /** The turn was taken to be over while the sentence went on. */
  readonly cutOff: boolean;
}

export interface RepliesOptions {
  readonly path: string;
  readonly sessions: number;
  readonly periodMs: number;
  readonly turns: number;
  readonly said: Utterance;
  /** Turns before the server's CPU is measured, for what it does once in its life, such as compiling. Default 0. */
  readonly warmUpTurns?: number;
  /** How the speakers' sentences lie: evenly over the period (default), or all at once. */
  readonly phase?: "spread" | "together";
}

export interface Replies extends Pick<Measurement, "usage"> {
  readonly clientLateMs: Summary;
  readonly heard: readonly Heard[];
}

/** Lets `sessions` speakers talk to a stream for some turns each. */
export function measureReplies(context: RowContext, options: RepliesOptions): Promise<Replies> {
  const { server, signal } = context;
  return withClients(`${server.url}${options.path}`, options.sessions, signal, (clients) =>
    measureAmong(clients, context, options),
  );
}

async function measureAmong(
  clients: readonly LoadClient[],
  { server, pinning, signal }: RowContext,
  { said, periodMs, turns, warmUpTurns = 0, phase = "spread" }: RepliesOptions,
): Promise<Replies> {
  for (const client of clients) client.recording = true;
  // One that begins inside the sentence is measured from its next on.
  const step = phase === "spread" ? said.packets.length / clients.length : 0;
  const speakers = clients.map((client, i) => ({ client, packets: said.packets, offset: Math.round(i * step) }));
  const pacer = new Pacer(speakers);
  try {
    await sleep(warmUpTurns * periodMs, signal);
    const stop = startMeter(server.pid, pinning);
    await sleep(turns * periodMs + LEAD_MS, signal);
    const usage = stop();
    const clientLateMs = summarize(pacer.lateMs);
    pacer.stop();
    const heard = (await Promise.all(speakers.map((speaker) => repliesTo(speaker, said)))).flat();
    return { usage, clientLateMs, heard };
  } finally {
    pacer.stop();
  }
}

/** What came back after each whole utterance. */
async function repliesTo(speaker: Speaker, said: Utterance): Promise<Heard[]> {
  const { received, sentAtMs } = speaker.client;
  const pcm = await decode(received.map(({ payload }) => payload));
  const audible = received.filter(
    (_, i) => levelDb(pcm.subarray(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES)) > AUDIBLE_DB,
  );
  const timesMs = received.map(({ atMs }) => atMs);
  const first = beginnings(timesMs);
  const last = endings(timesMs);
  const sounding = beginnings(audible.map(({ atMs }) => atMs));
  const decided = speaker.client.heard("pause_detected");
  const lastSentMs = sentAtMs.at(-1) ?? 0;
  return sentences(speaker, said).flatMap(({ startMs, endMs }) => {
    // Answered before the next sentence begins: one whose time is not over yet does not count.
    const untilMs = endMs + said.silenceMs;
    if (untilMs > lastSentMs + LEAD_MS) return [];
    const after = (times: readonly number[]) => {
      const atMs = times.find((time) => time > endMs && time < untilMs);
      return atMs === undefined ? undefined : atMs - endMs;
    };
    const cutOff = decided.some((atMs) => atMs > startMs && atMs <= endMs);
    return [
      {
        firstPacketMs: after(first),
        audibleMs: after(sounding),
        decidedMs: after(decided),
        endMs: after(last),
        cutOff,
      },
    ];
  });
}

/** When each utterance that was sent from its beginning to its end began and ended. */
export function sentences(speaker: Speaker, said: Utterance): { readonly startMs: number; readonly endMs: number }[] {
  const { sentAtMs } = speaker.client;
  return sentAtMs.flatMap((atMs, n) => {
    if (packetIndex(speaker, n) !== said.lastPacket) return [];
    const startMs = sentAtMs[n - (said.lastPacket - said.firstPacket)];
    return startMs === undefined ? [] : [{ startMs, endMs: atMs + said.restMs }];
  });
}

/** Over all sentences, of those that have the figure. */
export function spread(heard: readonly Heard[], pick: (heard: Heard) => number | undefined): Summary {
  return summarize(heard.map(pick).filter((ms) => ms !== undefined));
}

/** Times that come after a gap. */
function beginnings(timesMs: readonly number[]): number[] {
  return timesMs.filter((atMs, i) => atMs - (timesMs[i - 1] ?? Number.NEGATIVE_INFINITY) > BURST_GAP_MS);
}

/** Times that come before a gap. */
function endings(timesMs: readonly number[]): number[] {
  return timesMs.filter((atMs, i) => (timesMs[i + 1] ?? Number.POSITIVE_INFINITY) - atMs > BURST_GAP_MS);
}
