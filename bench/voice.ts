/**
 * How many voice sessions one core carries, and what each costs: replies to many speakers, audio straight through, memory, a second
 * session process, twelve slow replies at once, speech detection, and talk with local models.
 */
import { readFileSync } from "node:fs";
import { readWav } from "../media-node/audio/wav.ts";
import { clipPath } from "../test/support/audio.ts";
import { sentence } from "./lib/clips.ts";
import { startMeter } from "./lib/machine.ts";
import { summarize } from "./lib/percentiles.ts";
import { type Heard, measureReplies, type Replies, type RepliesOptions, spread, utterance } from "./lib/replies.ts";
import {
  atLeast,
  atMost,
  corePercent,
  type Figure,
  type Measurement,
  median,
  type Row,
  type RowContext,
  type Scale,
} from "./lib/row.ts";
import { measureVad } from "./lib/vad-cost.ts";
import { loopbackRow } from "./loopback.ts";

const PERIOD_MS = 8_000;
const ECHO_SESSIONS = [40, 48, 56, 64];
/** Sessions between which memory is compared. */
const FEW = 40;
const MANY = 64;
/** What a session costs is measured after so many: V8 goes on compiling for half a minute. */
const WARM_UP_TURNS = 2;
const TALKERS = 6;
const SLOW_SESSIONS = 12;
const VAD_SESSIONS = 32;

const FASTRTC: Readonly<Record<number, { readonly answered: string; readonly first: string; readonly cuts: string }>> =
  {
    40: { answered: "100", first: "1013 (p95 1362)", cuts: "0" },
    48: { answered: "38.1", first: "2851 (p95 5308)", cuts: "18" },
    64: { answered: "16.5", first: "3575 (p95 4719)", cuts: "4" },
  };

/** What later rows are compared with. */
interface Earlier {
  readonly residentMb: Map<number, number>;
  readonly cpuPercent: Map<number, number>;
}

export function voiceRows({ quick }: Scale): Row[] {
  const turns = quick ? 1 : 3;
  const earlier: Earlier = { residentMb: new Map(), cpuPercent: new Map() };
  const sizes = quick ? [4, 8] : ECHO_SESSIONS;
  const loopbackMs = quick ? 5_000 : 15_000;
  return [
    ...sizes.map((sessions) => echoRow(sessions, turns, earlier)),
    secondProcessRow(sizes.at(-1) ?? MANY, sizes.at(-1) ?? MANY, turns, earlier),
    secondProcessRow(2 * (sizes[0] ?? FEW), sizes[0] ?? FEW, turns, earlier),
    ...sizes.map((sessions) => loopbackRow("voice · loopback", sessions, loopbackMs)),
    slowRow(quick ? 4 : SLOW_SESSIONS, quick ? 1 : 2),
    talkRow(TALKERS, turns, "spread"),
    talkRow(TALKERS, turns, "together"),
    vadRow(quick ? 2_000 : 6_000),
  ];
}

function echoRow(sessions: number, turns: number, earlier: Earlier): Row {
  return {
    title: `voice · echo · ${sessions} sessions`,
    server: "full",
    estimateMs: estimateMs(sessions, turns + WARM_UP_TURNS),
    measure: async (context) => {
      const replies = await speakTo("/echo", context, { sessions, turns, warmUpTurns: WARM_UP_TURNS });
      earlier.residentMb.set(sessions, replies.usage.serverResidentMb);
      earlier.cpuPercent.set(sessions, corePercent(replies.usage, sessions));
      return measurement(replies, [
        ...echoFigures(replies.heard, sessions),
        { name: "server CPU per session", value: corePercent(replies.usage, sessions), unit: "% of a core" },
        { name: "server memory", value: replies.usage.serverResidentMb, unit: "MB" },
        ...memorySlope(sessions, earlier),
      ]);
    },
  };
}

function echoFigures(heard: readonly Heard[], sessions: number): Figure[] {
  const first = spread(heard, ({ firstPacketMs }) => firstPacketMs);
  const compared = FASTRTC[sessions];
  const fastRtc = (text: string | undefined) => (text === undefined ? {} : { fastRtc: text });
  return [
    {
      name: "answered",
      value: (100 * first.count) / heard.length,
      unit: "%",
      target: atLeast(100),
      ...fastRtc(compared?.answered),
    },
    {
      name: "wrong cuts",
      value: heard.filter(({ cutOff }) => cutOff).length,
      unit: "",
      target: atMost(0),
      ...fastRtc(compared?.cuts),
    },
    median("end of speech → first reply packet", first, fastRtc(compared?.first)),
    { name: "end of speech → first reply packet, p95", value: first.p95, unit: "ms", target: atMost(700) },
    median(
      "end of speech → audible",
      spread(heard, ({ audibleMs }) => audibleMs),
    ),
  ];
}

/** Between servers of their own, at the end of as many turns. */
function memorySlope(sessions: number, { residentMb }: Earlier): Figure[] {
  const [few, many] = [residentMb.get(FEW), residentMb.get(MANY)];
  if (sessions !== MANY || few === undefined || many === undefined) return [];
  const value = (many - few) / (MANY - FEW);
  return [
    { name: `memory per session, ${FEW} to ${MANY}`, value, unit: "MB", target: atMost(3), fastRtc: "12 (32 to 40)" },
  ];
}

/**
 * Sessions in two processes, on the same core: the same as one process had, which shows what a process costs by itself, or twice as
 * many, which shows what one costs that is as full.
 */
function secondProcessRow(sessions: number, inOne: number, turns: number, { cpuPercent }: Earlier): Row {
  return {
    title: `voice · echo · ${sessions} sessions in two processes`,
    server: "two_processes",
    estimateMs: estimateMs(sessions, turns + WARM_UP_TURNS),
    measure: async (context) => {
      const replies = await speakTo("/echo", context, { sessions, turns, warmUpTurns: WARM_UP_TURNS });
      const cpu = corePercent(replies.usage, sessions);
      const one = cpuPercent.get(inOne);
      return measurement(replies, [
        ...echoFigures(replies.heard, sessions).slice(0, 2),
        { name: "server CPU per session", value: cpu, unit: "% of a core" },
        ...(one === undefined
          ? []
          : [
              {
                name: `more than ${inOne} in one process`,
                value: 100 * (cpu / one - 1),
                unit: "%",
                target: atMost(10),
              },
            ]),
      ]);
    },
  };
}

/** Replies that take three seconds, all begun at the same moment: each has to be over in three. */
function slowRow(sessions: number, turns: number): Row {
  return {
    title: `voice · ${sessions} replies of 3 s at once`,
    server: "full",
    estimateMs: estimateMs(sessions, turns),
    measure: async (context) => {
      const replies = await speakTo("/slow", context, { sessions, turns, phase: "together" });
      const lengths = spread(replies.heard, ({ decidedMs, endMs }) =>
        decidedMs === undefined || endMs === undefined ? undefined : endMs - decidedMs,
      );
      return measurement(replies, [
        { name: "answered", value: (100 * lengths.count) / replies.heard.length, unit: "%", target: atLeast(100) },
        // The last fifth of a second is worked on until 3.0 s, and takes a fifth of a second to be played.
        {
          name: "decision → end of the reply, worst",
          value: lengths.max,
          unit: "ms",
          target: atMost(3_400),
          fastRtc: "3000 and 6000: two waves",
        },
        median("decision → end of the reply", lengths),
      ]);
    },
  };
}

/** Speech to text, an answer, text to speech: for speakers one after the other, and for speakers who fall silent at the same moment. */
function talkRow(sessions: number, turns: number, phase: "spread" | "together"): Row {
  return {
    title: `voice · talk · ${sessions} speakers${phase === "together" ? " who stop at once" : ""}`,
    server: "talk",
    estimateMs: estimateMs(sessions, turns) + 10_000,
    measure: async (context) => {
      const replies = await speakTo("/talk", context, { sessions, turns, phase });
      const sound = spread(replies.heard, ({ audibleMs }) => audibleMs);
      return measurement(replies, [
        median("end of speech → first sound", sound, { target: atMost(900) }),
        { name: "answered", value: (100 * sound.count) / replies.heard.length, unit: "%", target: atLeast(100) },
        median(
          "end of speech → decided",
          spread(replies.heard, ({ decidedMs }) => decidedMs),
        ),
      ]);
    },
  };
}

/** In this process: the server beside it does nothing. */
function vadRow(durationMs: number): Row {
  return {
    title: `voice · speech detection · ${VAD_SESSIONS} sessions`,
    server: "full",
    estimateMs: 30_000 + 2 * durationMs,
    measure: async ({ server, pinning }) => {
      const { samples } = readWav(readFileSync(clipPath("librivox-0870.wav")));
      const stop = startMeter(server.pid, pinning);
      const cost = await measureVad({ samples, sessions: VAD_SESSIONS, durationMs });
      return {
        usage: stop(),
        figures: [
          { name: "CPU per window", value: cost.totalMs, unit: "ms", target: atMost(0.04) },
          { name: "of it on the media thread", value: cost.mainMs, unit: "ms" },
          median("window's last sample → result", summarize(cost.latenciesMs)),
          median("the same, of a window that a speaker notices", summarize(cost.decisionLatenciesMs)),
          { name: "windows dropped", value: cost.dropped, unit: "", target: atMost(0) },
        ],
      };
    },
  };
}

async function speakTo(
  path: string,
  context: RowContext,
  options: Pick<RepliesOptions, "sessions" | "turns" | "warmUpTurns" | "phase">,
): Promise<Replies> {
  const said = await utterance(await sentence(), PERIOD_MS);
  return await measureReplies(context, { path, periodMs: PERIOD_MS, said, ...options });
}

function measurement({ usage, clientLateMs }: Replies, figures: readonly Figure[]): Measurement {
  return { usage, clientLateMs, figures };
}

function estimateMs(sessions: number, turns: number): number {
  return 12_000 + turns * PERIOD_MS + 150 * sessions;
}
