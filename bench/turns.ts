/**
 * How soon the reply comes after the speaker's last word; and, because that is easy to be good at by interrupting,
 * how often a speaker is cut off who pauses inside a sentence.
 */
import { sentence, withPause } from "./lib/clips.ts";
import { withClients } from "./lib/load-client.ts";
import { PACKET_MS, Pacer } from "./lib/pacer.ts";
import { type Heard, measureReplies, sentences, spread, utterance } from "./lib/replies.ts";
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
  const said = await utterance(await sentence(), PERIOD_MS);
  const { usage, clientLateMs, heard } = await measureReplies(context, {
    path: "/echo",
    sessions,
    periodMs: PERIOD_MS,
    turns,
    said,
  });
  return { usage, clientLateMs, figures: [...replyFigures(heard), ...(await measureCutOffs(context))] };
}

function replyFigures(heard: readonly Heard[]): Figure[] {
  const share = (count: number) => (100 * count) / heard.length;
  const first = spread(heard, ({ firstPacketMs }) => firstPacketMs);
  const cut = heard.filter(({ cutOff }) => cutOff).length;
  return [
    median("end of speech → first reply packet", first, { target: atMost(650), fastRtc: "917" }),
    median(
      "end of speech → audible",
      spread(heard, ({ audibleMs }) => audibleMs),
      { fastRtc: "949" },
    ),
    median(
      "end of speech → decided",
      spread(heard, ({ decidedMs }) => decidedMs),
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
  const said = await Promise.all(
    takes.map(({ pauseMs, share }) => utterance(withPause(pcm, share, pauseMs), PERIOD_MS)),
  );
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
      const [sent] = each === undefined ? [] : sentences(speaker, each);
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
