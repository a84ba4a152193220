/**
 * How soon the reply comes after the speaker's last word; and, because that is easy to be good at by interrupting,
 * how often a speaker is cut off who pauses inside a sentence.
 */
import { levelDb } from "../test/support/audio.ts";
import { decode, encode, FRAME_SAMPLES, lastAudible, padded, sentence, withPause } from "./lib/clips.ts";
import { withClients } from "./lib/load-client.ts";
import { startMeter } from "./lib/machine.ts";
import { PACKET_MS, Pacer, packetIndex, type Speaker } from "./lib/pacer.ts";
import { type Summary, summarize } from "./lib/percentiles.ts";
import {
  atLeast,
  atMost,
  type Figure,
  type Measurement,
  median,
  type Row,
  type RowContext,
  type Scale,
} from "./lib/row.ts";
import { sleep } from "./lib/wait.ts";

const PERIOD_MS = 8_000;
const LEAD_MS = 500;
/** Packets after less than this belong to the reply before. */
const BURST_GAP_MS = 300;
const AUDIBLE_DB = -50;
const PAUSES_MS = [200, 350, 450, 550, 700];
/** Where the pause is, as shares of the sentence: inside words of their own each. */
const PAUSE_PLACES = [0.15, 0.3, 0.45, 0.6, 0.75, 0.85];
/** A speaker who pauses this long is not to be cut off. */
const SAFE_PAUSE_MS = 350;

export function turnsRows({ quick }: Scale): Row[] {
  const turns = quick ? 1 : 3;
  return [1, 16].map((sessions) => ({
    title: `turns · ${sessions} session${sessions === 1 ? "" : "s"}`,
    server: "full",
    estimateMs: 20_000 + turns * PERIOD_MS,
    measure: (context) => measure(context, sessions, turns),
  }));
}

async function measure(context: RowContext, sessions: number, turns: number): Promise<Measurement> {
  const measured = await measureReplies(context, sessions, turns);
  return { ...measured, figures: [...measured.figures, ...(await measureCutOffs(context))] };
}

/** A clip of one utterance, over and over, and where in it the last word ends. */
async function utterance(pcm: Int16Array) {
  const clip = padded(pcm, LEAD_MS, PERIOD_MS);
  const last = lastAudible(clip);
  return {
    packets: await encode(clip),
    firstPacket: Math.floor((48 * LEAD_MS) / FRAME_SAMPLES),
    lastPacket: Math.floor(last / FRAME_SAMPLES),
    restMs: (last % FRAME_SAMPLES) / 48,
    silenceMs: PERIOD_MS - last / 48,
  };
}
type Utterance = Awaited<ReturnType<typeof utterance>>;

async function measureReplies({ server, pinning, signal }: RowContext, sessions: number, turns: number) {
  const said = await utterance(await sentence());
  return await withClients(`${server.url}/echo`, sessions, signal, async (clients): Promise<Measurement> => {
    for (const client of clients) client.recording = true;
    // Evenly over the period; one that begins inside the sentence is measured from its next on.
    const step = said.packets.length / sessions;
    const speakers = clients.map((client, i) => ({ client, packets: said.packets, offset: Math.round(i * step) }));
    const pacer = new Pacer(speakers);
    try {
      const stop = startMeter(server.pid, pinning);
      await sleep(turns * PERIOD_MS + LEAD_MS, signal);
      const usage = stop();
      const clientLateMs = summarize(pacer.lateMs);
      pacer.stop();
      const heard = (await Promise.all(speakers.map((speaker) => replies(speaker, said)))).flat();
      const share = (count: number) => (100 * count) / heard.length;
      return { usage, clientLateMs, figures: replyFigures(heard, share) };
    } finally {
      pacer.stop();
    }
  });
}

interface Heard {
  readonly firstPacketMs: number | undefined;
  readonly audibleMs: number | undefined;
  readonly decidedMs: number | undefined;
  readonly cutOff: boolean;
}

/** What came back after each whole utterance. */
async function replies(speaker: Speaker, said: Utterance): Promise<Heard[]> {
  const { received, sentAtMs } = speaker.client;
  const pcm = await decode(received.map(({ payload }) => payload));
  const audible = received.filter(
    (_, i) => levelDb(pcm.subarray(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES)) > AUDIBLE_DB,
  );
  const first = beginnings(received.map(({ atMs }) => atMs));
  const sounding = beginnings(audible.map(({ atMs }) => atMs));
  const decided = speaker.client.heard("pause_detected");
  const lastSentMs = sentAtMs.at(-1) ?? 0;
  return ends(speaker, said).flatMap(({ startMs, endMs }) => {
    // Answered before the next sentence begins: one whose time is not over yet does not count.
    const untilMs = endMs + said.silenceMs;
    if (untilMs > lastSentMs + LEAD_MS) return [];
    const after = (times: readonly number[]) => {
      const atMs = times.find((time) => time > endMs && time < untilMs);
      return atMs === undefined ? undefined : atMs - endMs;
    };
    const cutOff = decided.some((atMs) => atMs > startMs && atMs <= endMs);
    return [{ firstPacketMs: after(first), audibleMs: after(sounding), decidedMs: after(decided), cutOff }];
  });
}

/** When each utterance that was sent from its beginning to its end began and ended. */
function ends(speaker: Speaker, said: Utterance): { readonly startMs: number; readonly endMs: number }[] {
  const { sentAtMs } = speaker.client;
  return sentAtMs.flatMap((atMs, n) => {
    if (packetIndex(speaker, n) !== said.lastPacket) return [];
    const startMs = sentAtMs[n - (said.lastPacket - said.firstPacket)];
    return startMs === undefined ? [] : [{ startMs, endMs: atMs + said.restMs }];
  });
}

/** Times that come after a gap. */
function beginnings(timesMs: readonly number[]): number[] {
  return timesMs.filter((atMs, i) => atMs - (timesMs[i - 1] ?? Number.NEGATIVE_INFINITY) > BURST_GAP_MS);
}

function replyFigures(heard: readonly Heard[], share: (count: number) => number): Figure[] {
  const spread = (pick: (heard: Heard) => number | undefined): Summary =>
    summarize(heard.map(pick).filter((ms) => ms !== undefined));
  const first = spread(({ firstPacketMs }) => firstPacketMs);
  const cut = heard.filter(({ cutOff }) => cutOff).length;
  return [
    median("end of speech → first reply packet", first, { target: atMost(650), fastRtc: "917" }),
    median(
      "end of speech → audible",
      spread(({ audibleMs }) => audibleMs),
      { fastRtc: "949" },
    ),
    median(
      "end of speech → decided",
      spread(({ decidedMs }) => decidedMs),
      { fastRtc: "899" },
    ),
    { name: "answered", value: share(first.count), unit: "%", target: atLeast(100), fastRtc: "100" },
    { name: "cut off without a pause", value: share(cut), unit: "%", target: atMost(0), fastRtc: "0" },
  ];
}

/** The same sentence with a pause in it, of several lengths at several places, once each. */
async function measureCutOffs({ server, signal }: RowContext): Promise<Figure[]> {
  const pcm = await sentence();
  const takes = PAUSES_MS.flatMap((pauseMs) => PAUSE_PLACES.map((share) => ({ pauseMs, share })));
  const said = await Promise.all(takes.map(({ pauseMs, share }) => utterance(withPause(pcm, share, pauseMs))));
  return await withClients(`${server.url}/echo`, takes.length, signal, async (clients) => {
    const speakers = clients.flatMap((client, i) => {
      const packets = said[i]?.packets;
      return packets === undefined ? [] : [{ client, packets, offset: 0 }];
    });
    const pacer = new Pacer(speakers);
    try {
      const lastPacket = Math.max(...said.map((each) => each.lastPacket));
      await sleep(lastPacket * PACKET_MS + 1_000, signal);
    } finally {
      pacer.stop();
    }
    const results = speakers.flatMap((speaker, i) => {
      const [take, each] = [takes[i], said[i]];
      const [sent] = each === undefined ? [] : ends(speaker, each);
      if (take === undefined || sent === undefined) return [];
      return [{ ...take, cutOff: speaker.client.heard("pause_detected").some((atMs) => atMs <= sent.endMs) }];
    });
    return PAUSES_MS.map((pauseMs): Figure => {
      const mine = results.filter((result) => result.pauseMs === pauseMs);
      const cut = mine.filter(({ cutOff }) => cutOff).length;
      const target = pauseMs <= SAFE_PAUSE_MS ? { target: atMost(0) } : {};
      return { name: `cut off at a pause of ${pauseMs} ms`, value: (100 * cut) / mine.length, unit: "%", ...target };
    });
  });
}
