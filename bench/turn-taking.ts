/**
 * How soon after the last word each way of ending a turn decides, and how many speakers it cuts off who only pause: the real
 * detector and the real model, in virtual time, without a server. `node bench/turn-taking.ts [--quick]`
 */
import { SmartTurn } from "../media-node/speech/end-of-turn/smart-turn.ts";
import { SileroVad } from "../media-node/speech/vad/silero-vad.ts";
import type { Clock } from "../media-node/time/clock.ts";
import {
  DEFAULT_END_OF_TURN,
  type EndOfTurnEvent,
  type EndOfTurnOptions,
  type EndOfTurnState,
  endingSilenceMs,
  nextEndOfTurn,
} from "../media-node/turn/end-of-turn.ts";
import { DEFAULT_SPEECH, SpeechDetector, VAD_WINDOW_MS } from "../media-node/turn/speech-detector.ts";
import { PRE_ROLL_MS } from "../media-node/turn/turn-recorder.ts";
import { summarize } from "./lib/percentiles.ts";
import { NOISES_DB, PAUSES_MS, TAKE_RATE, type Take, takes } from "./lib/turn-takes.ts";

const WINDOW_SAMPLES = (TAKE_RATE * VAD_WINDOW_MS) / 1_000;
const SAMPLES_PER_MS = TAKE_RATE / 1_000;
/** Below what a stream of the detector may have waiting. */
const WINDOWS_AT_ONCE = 16;
/** From question to verdict, in virtual time: what it takes on a busy core, so that figures do not depend on this machine. */
const VERDICT_DELAY_MS = 60;
const MODEL_TIMEOUT_MS = 60_000;

/** One way of ending turns. */
interface Way {
  readonly name: string;
  readonly silenceMs: number;
  /** Undefined goes by silence alone. */
  readonly endOfTurn: EndOfTurnOptions | undefined;
}

const silence = (silenceMs: number): Way => ({ name: `silence ${silenceMs} ms`, silenceMs, endOfTurn: undefined });
const model = (options: Partial<EndOfTurnOptions>, silenceMs = DEFAULT_SPEECH.silenceMs): Way => {
  const endOfTurn = { ...DEFAULT_END_OF_TURN, ...options };
  const { askMs, completeProbability, completeMs, incompleteMs } = endOfTurn;
  const name = `model at ${askMs} ms: ${completeMs} ms where p ≥ ${completeProbability}, else ${incompleteMs}`;
  return { name, silenceMs, endOfTurn };
};
const WAYS: readonly Way[] = [
  silence(448),
  silence(512),
  silence(DEFAULT_SPEECH.silenceMs),
  silence(704),
  silence(800),
  model({ completeMs: 192, completeProbability: 0.5, incompleteMs: 1_216 }),
  model({ completeMs: 192, incompleteMs: 1_216 }),
  model({ completeProbability: 0.5, incompleteMs: 800 }),
  model({}),
  model({ completeMs: 512, completeProbability: 0.9, incompleteMs: 800 }),
  model({ completeMs: 608, completeProbability: 0.5 }),
  model({ completeMs: 608 }),
];

interface Heard {
  readonly take: Take;
  /** Of speech, per window. */
  readonly probabilities: readonly number[];
}

/** What a way made of a take. */
interface Outcome {
  readonly take: Take;
  /** Ended before the last word did. */
  readonly cutOff: boolean;
  /** From the end of the last word; undefined where the turn was never ended. */
  readonly decidedMs: number | undefined;
}

/** Nothing waits for company: whatever is there is worked on. */
const eager: Clock = {
  nowMs: () => performance.now(),
  after(_delayMs, callback) {
    const handle = setImmediate(callback);
    return { cancel: () => clearImmediate(handle) };
  },
};

async function listen(vad: SileroVad, take: Take): Promise<Heard> {
  const probabilities: number[] = [];
  const windows = Math.floor(take.samples.length / WINDOW_SAMPLES);
  let wanted = 0;
  let arrived = (): void => undefined;
  const stream = vad.open((probability) => {
    probabilities.push(probability);
    if (probabilities.length === wanted) arrived();
  });
  for (let window = 0; window < windows; window = wanted) {
    wanted = Math.min(windows, window + WINDOWS_AT_ONCE);
    const { promise, resolve } = Promise.withResolvers<void>();
    arrived = resolve;
    stream.push(take.samples.subarray(window * WINDOW_SAMPLES, wanted * WINDOW_SAMPLES));
    await promise;
  }
  stream.close();
  return { take, probabilities };
}

/** Judges each pause of each take once, however many ways ask about it. */
class Judge {
  readonly latenciesMs: number[] = [];
  readonly #model: SmartTurn;
  readonly #known = new Map<Take, Map<string, Promise<number | undefined>>>();

  constructor(smartTurn: SmartTurn) {
    this.#model = smartTurn;
  }

  judge(take: Take, fromMs: number, toMs: number): Promise<number | undefined> {
    const known = this.#known.get(take) ?? new Map<string, Promise<number | undefined>>();
    this.#known.set(take, known);
    const key = `${fromMs} ${toMs}`;
    const verdict = known.get(key) ?? this.#ask(take.samples.subarray(fromMs * SAMPLES_PER_MS, toMs * SAMPLES_PER_MS));
    known.set(key, verdict);
    return verdict;
  }

  async #ask(samples: Int16Array): Promise<number | undefined> {
    const startMs = performance.now();
    const probability = await this.#model.judge(samples);
    this.latenciesMs.push(performance.now() - startMs);
    return probability;
  }
}

async function decide(way: Way, { take, probabilities }: Heard, judge: Judge): Promise<Outcome> {
  const detector = new SpeechDetector({ ...DEFAULT_SPEECH, silenceMs: way.silenceMs });
  let state: EndOfTurnState = "unasked";
  let verdict: { readonly probability: number | undefined; readonly dueMs: number } | undefined;
  let turnFromMs = 0;
  let cutOff = false;
  const step = (event: EndOfTurnEvent, options: EndOfTurnOptions) => {
    const next = nextEndOfTurn(state, event, options);
    state = next.state;
    if (next.action === "withdraw") verdict = undefined;
    return next.action;
  };
  for (const [window, probability] of probabilities.entries()) {
    const nowMs = (window + 1) * VAD_WINDOW_MS;
    const { endOfTurn, silenceMs } = way;
    if (endOfTurn !== undefined && verdict !== undefined && verdict.dueMs <= nowMs) {
      step({ type: "verdict", probability: verdict.probability }, endOfTurn);
      verdict = undefined;
    }
    const endMs = endOfTurn === undefined ? silenceMs : endingSilenceMs(state, silenceMs, endOfTurn);
    const event = detector.push(probability, endMs);
    if (event === "started") turnFromMs = Math.max(0, nowMs - PRE_ROLL_MS);
    if (event === "ended" && nowMs > take.endMs) return { take, cutOff, decidedMs: nowMs - take.endMs };
    if (event === "ended") cutOff = true;
    if (endOfTurn === undefined) continue;
    if (!detector.speaking) step({ type: "turn_over" }, endOfTurn);
    else if (step({ type: "window", silenceMs: detector.silenceMs }, endOfTurn) === "ask") {
      verdict = { probability: await judge.judge(take, turnFromMs, nowMs), dueMs: nowMs + VERDICT_DELAY_MS };
    }
  }
  return { take, cutOff, decidedMs: undefined };
}

const percent = (part: number, whole: number) => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(0)} %`);

function cells(outcomes: readonly Outcome[]): string[] {
  const decided = summarize(outcomes.map(({ decidedMs }) => decidedMs).filter((ms) => ms !== undefined));
  const cut = (kind: Take["pause"], pauseMs: number) => {
    const mine = outcomes.filter(({ take }) => take.pause === kind && take.pauseMs === pauseMs);
    return percent(mine.filter(({ cutOff }) => cutOff).length, mine.length);
  };
  return [
    decided.p50.toFixed(0),
    decided.p95.toFixed(0),
    percent(outcomes.length - decided.count, outcomes.length),
    percent(outcomes.filter(({ cutOff }) => cutOff).length, outcomes.length),
    cut("none", 0),
    PAUSES_MS.map((pauseMs) => cut("between words", pauseMs).replace(" %", "")).join(" / "),
    PAUSES_MS.map((pauseMs) => cut("in a word", pauseMs).replace(" %", "")).join(" / "),
  ];
}

const noises = process.argv.includes("--quick") ? NOISES_DB.slice(0, 1) : NOISES_DB;
const said = await takes(noises);
const vad = new SileroVad({
  clock: eager,
  onError: (error) => {
    throw error;
  },
});
const smartTurn = new SmartTurn({ timeoutMs: MODEL_TIMEOUT_MS });
// The detector's thread keeps no process alive; in a node the calls do.
const alive = setInterval(() => undefined, 1_000);
try {
  await Promise.all([vad.ready(), smartTurn.ready()]);
  const heard: Heard[] = [];
  for (const take of said) heard.push(await listen(vad, take));
  const judge = new Judge(smartTurn);
  console.log(
    `${said.length} takes; end of speech → decision in ms, a verdict ${VERDICT_DELAY_MS} ms after the question`,
  );
  console.log(`cut off at pauses of ${PAUSES_MS.join(" / ")} ms, in %`);
  for (const noiseDb of noises) {
    console.log(`\n${noiseDb === undefined ? "quiet" : `noise at ${noiseDb} dB`}`);
    console.log("| way | p50 | p95 | missed | cut off | without a pause | between words | in a word |");
    console.log("|---|---|---|---|---|---|---|---|");
    for (const way of WAYS) {
      const outcomes: Outcome[] = [];
      for (const each of heard) if (each.take.noiseDb === noiseDb) outcomes.push(await decide(way, each, judge));
      console.log(`| ${[way.name, ...cells(outcomes)].join(" | ")} |`);
    }
  }
  const verdicts = summarize(judge.latenciesMs);
  console.log(
    `\n${verdicts.count} verdicts on this machine: p50 ${verdicts.p50.toFixed(0)} ms, p95 ${verdicts.p95.toFixed(0)} ms`,
  );
} finally {
  clearInterval(alive);
  await Promise.all([vad.close(), smartTurn.close()]);
}
