/**
 * Each way of taking turns on recorded speech: how soon it decides and is heard, whom it cuts off, how soon a reply falls silent when
 * somebody speaks over it, and over what it does so wrongly. The real session and models in virtual time, without a server:
 * `node bench/turn-taking.ts [turns] [interruptions] [sounds] [--quick]`
 */
import { Resampler } from "../media-node/audio/resample.ts";
import { concat } from "../test/support/audio.ts";
import { summarize } from "./lib/percentiles.ts";
import { soundsThatAreNoSpeech } from "./lib/sounds.ts";
import { NOISES_DB, type NoiseDb, PAUSES_MS, TAKE_RATE, type Take, takes } from "./lib/turn-takes.ts";
import {
  BEFORE_INTERRUPTION_MS,
  type InterruptionOutcome,
  speakOver,
  type TurnOutcome,
  takeTurn,
} from "./lib/virtual-conversations.ts";
import { Models, WAYS, type Way } from "./lib/ways-of-taking-turns.ts";

/** What a pipeline of models takes before its first audio: a fast one. */
const HANDLER_MS = 400;
/** The speaker's first sound: takes begin with silence. */
const ONSET_MS = 500;

/** Where speech begins within a window of the detector is chance: each sentence is said at each of these. */
const SHIFTS_MS = [0, 8, 16, 24];

const quick = process.argv.includes("--quick");
const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const wanted = (part: "turns" | "interruptions" | "sounds") => named.length === 0 || named.includes(part);
const noises: readonly NoiseDb[] = quick ? NOISES_DB.slice(0, 1) : NOISES_DB;

const percent = (part: number, whole: number) => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(0)} %`);
const spread = (values: readonly (number | undefined)[]) => {
  const { p50, p95 } = summarize(values.filter((value) => value !== undefined));
  return `${p50.toFixed(0)} / ${p95.toFixed(0)}`;
};
const row = (...cells: readonly (string | number)[]) => console.log(`| ${cells.join(" | ")} |`);

function head(...cells: readonly string[]): void {
  row(...cells);
  row(...cells.map(() => "---"));
}

interface Taken {
  readonly take: Take;
  readonly outcome: TurnOutcome;
}

async function measureTurns(way: Way, models: Models, said: readonly Take[]): Promise<void> {
  const taken: Taken[] = [];
  for (const take of said) taken.push({ take, outcome: await takeTurn(way, models, take, 0) });
  const slowly: Taken[] = [];
  for (const take of said) slowly.push({ take, outcome: await takeTurn(way, models, take, HANDLER_MS) });
  const slow = slowly.map(({ outcome }) => outcome);
  const cut = (kind: Take["pause"]) =>
    PAUSES_MS.map((pauseMs) => {
      const mine = slowly.filter(({ take }) => take.pause === kind && take.pauseMs === pauseMs);
      return percent(mine.filter(({ outcome }) => outcome.cutOff).length, mine.length).replace(" %", "");
    }).join(" / ");
  const all = taken.map(({ outcome }) => outcome);
  const count = (has: (outcome: TurnOutcome) => boolean, of = all) => percent(of.filter(has).length, of.length);
  row(
    way.name,
    spread(all.map(({ decidedMs }) => decidedMs)),
    spread(all.map(({ firstPacketMs }) => firstPacketMs)),
    spread(slow.map(({ firstPacketMs }) => firstPacketMs)),
    count(({ firstPacketMs }) => firstPacketMs === undefined),
    count(({ cutOff }) => cutOff),
    count(({ cutOff }) => cutOff, slow),
    count(({ talkedOver }) => talkedOver),
    count(({ talkedOver }) => talkedOver, slow),
    cut("between words"),
    cut("in a word"),
    (slow.reduce((sum, { wasted }) => sum + wasted, 0) / slow.length).toFixed(2),
  );
}

interface Spoken {
  readonly samples: Int16Array;
  readonly onsetMs: number;
}

async function measureInterruptions(way: Way, models: Models, said: readonly Spoken[]): Promise<void> {
  const outcomes: InterruptionOutcome[] = [];
  for (const { samples, onsetMs } of said) outcomes.push(await speakOver(way, models, samples, onsetMs));
  row(
    way.name,
    spread(outcomes.map(({ lastPacketMs }) => lastPacketMs)),
    percent(outcomes.filter(({ interrupted }) => !interrupted).length, outcomes.length),
  );
}

async function measureFalseInterruptions(way: Way, models: Models, sounds: readonly Int16Array[]): Promise<void> {
  const cells: string[] = [];
  for (const samples of sounds) {
    const { interrupted, lastPacketMs } = await speakOver(way, models, samples, 0);
    if (interrupted) cells.push("interrupted");
    else cells.push(lastPacketMs === undefined ? "goes on" : "held, goes on");
  }
  row(way.name, ...cells);
}

/** Not before the reply has been heard for a while. */
const overReply = (samples: Int16Array, shiftMs = 0) =>
  concat(new Int16Array((BEFORE_INTERRUPTION_MS + shiftMs) * (TAKE_RATE / 1_000)), samples);

const said = await takes(noises);
const models = await Models.open();
// The models' threads keep no process alive; in a node the calls do.
const alive = setInterval(() => undefined, 1_000);
try {
  for (const noiseDb of noises) {
    const mine = said.filter((take) => take.noiseDb === noiseDb);
    const condition = noiseDb === undefined ? "quiet" : `noise at ${noiseDb} dB`;
    if (wanted("turns")) {
      console.log(`\n${condition}: ${mine.length} takes, ms p50 / p95 from the end of the last word`);
      head(
        "way",
        "decided",
        "first packet",
        `with a function of ${HANDLER_MS} ms`,
        "missed",
        "cut off",
        "cut off, with that function",
        "talked over",
        "talked over, with that function",
        "between words",
        "in a word",
        "runs wasted",
      );
      for (const way of WAYS) await measureTurns(way, models, mine);
    }
    if (wanted("interruptions")) {
      const whole = mine.filter(({ pause }) => pause === "none");
      const spoken = whole.flatMap(({ samples }) =>
        SHIFTS_MS.map((shiftMs) => ({ samples: overReply(samples, shiftMs), onsetMs: ONSET_MS + shiftMs })),
      );
      console.log(`\n${condition}: spoken over a reply, ms p50 / p95 from the first sound to the reply's last packet`);
      head("way", "last packet", "not interrupted");
      for (const way of WAYS) await measureInterruptions(way, models, spoken);
    }
  }
  if (wanted("sounds")) {
    console.log("\nsounds over a reply that are no speech, 3 s each");
    const sounds = soundsThatAreNoSpeech();
    const over = sounds.map(({ pcm }) => overReply(new Resampler(48_000, TAKE_RATE).process(pcm)));
    head("way", ...sounds.map(({ name }) => name));
    for (const way of WAYS) await measureFalseInterruptions(way, models, over);
  }
} finally {
  clearInterval(alive);
  await models.close();
}
