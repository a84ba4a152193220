/** The options of `ReplyOnPause`, read: what is missing filled in, what makes no sense refused. */
import type { ClientMessage } from "../../shared/channel.ts";
import type { InputValues } from "../../shared/inputs.ts";
import { getEndOfTurnModel, getSileroModel, type STTModel, type StreamingSTTModel } from "../speech/index.ts";
import type { Backchannels } from "../turn/backchannels.ts";
import { DEFAULT_END_OF_TURN, type EndOfTurnOptions } from "../turn/end-of-turn.ts";
import type { EndOfTurnModel } from "../turn/end-of-turn-model.ts";
import type { GridOptions } from "../turn/grid/chunk-judge.ts";
import {
  type AlgoOptions,
  completeAlgoOptions,
  completeSileroOptions,
  type SileroVadOptions,
} from "../turn/grid/options.ts";
import type { PauseDetectionModel } from "../turn/grid/pause-detection-model.ts";
import { type MuteUser, readMuteUser } from "../turn/muting.ts";
import { completeSpeechOptions, type SpeechOptions } from "../turn/speech-detector.ts";
import type { TurnHost } from "../turn/turn-finder.ts";
import type { ReplyFunction } from "./reply-function.ts";
import type { StreamHandler, StreamHandlerOptions } from "./stream-handler.ts";

/** As long as FastRTC waits for a value; it then asks again, and the call is frozen. */
const REPLY_TIMEOUT_MS = 60_000;
/**
 * On the telephone one window that is surely speech is enough: the detector sees a word's first sounds late there, for want of high tones, and noise, bangs
 * and music did not hold a reply even so (`npm run bench telephone`).
 */
const TELEPHONE_START_MS = 48;
/** Shorter silences are within words. */
const MIN_THINK_AHEAD_MS = 96;
/** Speakers who pause in every sentence have the function run 0.74 times a turn for nothing (`node bench/turn-taking.ts turns`). */
export const THINK_AHEAD_MS = 320;

export interface ReplyOnPauseOptions<Inputs extends InputValues = InputValues> extends StreamHandlerOptions {
  /** Runs once before the user has said anything: a greeting. */
  readonly startupFn?: ReplyFunction<Inputs>;
  /**
   * Takes the messages of the client's own, such as text that was typed. `handler` is the session's: its `triggerResponse()` answers,
   * `reset()` drops the turn, `context.state` is the turns' `state`. Default: they are dropped.
   */
  readonly onMessage?: (message: ClientMessage, handler: StreamHandler) => void | Promise<void>;
  /** Whether speech interrupts a reply. Default true. False: the user is not heard until the reply has been played. */
  readonly canInterrupt?: boolean;
  /** When the user is not heard: `"never"`, until the `"first_reply"` has been played, or `"while_speaking"`, which is `canInterrupt: false`. */
  readonly muteUser?: MuteUser;
  /**
   * Short sounds of a listener's over a reply, such as "uh-huh", do not interrupt it: their words are looked at first, while the
   * reply is held. Default: whatever is said for `speech.interruptMs` interrupts.
   */
  readonly backchannels?: Backchannels;
  /**
   * Silence after which the function already runs, before the turn is over: nothing of what it gives is sent until then, and if
   * the user goes on it is aborted and runs again on all that was said. What the function does by itself is done, so wait for
   * `turn.confirmed` before what cannot be taken back. At least 96, less than `speech.silenceMs`; 0: it runs once the turn is over. Default 320,
   * or 0 where turns are over that soon.
   */
  readonly thinkAheadMs?: number;
  /**
   * Shows on the page what the user says while they say it, a line that grows: a speech-to-text model that streams, such as
   * `getSTTModel()`. Costs about four times what transcribing the turn does, in its spare time. Default: the line comes when
   * `history.user()` is called.
   */
  readonly liveTranscript?: STTModel;
  /** Longest the function may take from one value to the next; then the turn fails and the session listens on. Default 60,000. */
  readonly replyTimeoutMs?: number;
  /** When speech starts, counts and ends. */
  readonly speech?: Partial<SpeechOptions>;
  /**
   * What ends a turn: silence alone, or in a pause also Smart Turn (`"model"`), or a model of your own, asked whether the speaker
   * is done. Default `"silence"`.
   */
  readonly endOfTurn?: "silence" | "model" | EndOfTurnModel;
  /** How much silence its verdicts stand for. */
  readonly endOfTurnOptions?: Partial<EndOfTurnOptions>;
  /**
   * Finds turns as FastRTC does, in chunks of 0.6 s, with its options: same decisions, later than by default. So does each of
   * the next two. Default: turns are found as speech comes.
   */
  readonly algoOptions?: Partial<AlgoOptions>;
  /** What counts as speech in a chunk. */
  readonly modelOptions?: Partial<SileroVadOptions>;
  /** Measures the speech in a chunk. Default: Silero 4, FastRTC's. */
  readonly model?: PauseDetectionModel;
}

/** How turns are taken. */
export interface TurnTaking extends Pick<TurnHost, "speech" | "endOfTurn" | "thinkAheadMs" | "backchannels"> {
  /** In place of `speech` where the user is on the telephone. */
  readonly telephoneSpeech: SpeechOptions;
  readonly muteUser: MuteUser;
  readonly replyTimeoutMs: number;
  /** Shows what is being said. */
  readonly live: StreamingSTTModel | undefined;
  /** Where turns are found on FastRTC's grid. */
  readonly grid: GridOptions | undefined;
}

/**
 * @param overrides whether a subclass finds pauses itself.
 * @throws TypeError, RangeError for options that make no sense.
 */
export function readOptions(options: ReplyOnPauseOptions<never>, overrides: boolean): TurnTaking {
  const { backchannels, canInterrupt, muteUser, replyTimeoutMs = REPLY_TIMEOUT_MS } = options;
  const speech = completeSpeechOptions(options.speech);
  const telephoneSpeech = completeSpeechOptions({ startMs: TELEPHONE_START_MS, ...options.speech });
  if (backchannels !== undefined && typeof backchannels.stt?.stt !== "function") {
    throw new TypeError("backchannels needs a speech-to-text model: { stt: getSTTModel() }.");
  }
  return {
    speech,
    telephoneSpeech,
    thinkAheadMs: thinkAhead(options.thinkAheadMs, speech),
    backchannels,
    replyTimeoutMs,
    muteUser: readMuteUser(muteUser, canInterrupt),
    live: streaming(options.liveTranscript),
    grid: gridOptions(options, overrides),
    endOfTurn: endOfTurn(options),
  };
}

/** @throws RangeError for a silence that is none, or not shorter than the one that ends a turn. */
function thinkAhead(given: number | undefined, { minSilenceMs }: SpeechOptions): number | undefined {
  if (given === 0) return undefined;
  if (given === undefined) return THINK_AHEAD_MS < minSilenceMs ? THINK_AHEAD_MS : undefined;
  if (given >= MIN_THINK_AHEAD_MS && given < minSilenceMs) return given;
  throw new RangeError(
    `thinkAheadMs must be 0, or from ${MIN_THINK_AHEAD_MS} to less than the silence that ends a turn, ${minSilenceMs}, not ${given}.`,
  );
}

/** @throws TypeError for a model that gives no words while they are being said. */
function streaming(stt: STTModel | undefined): StreamingSTTModel | undefined {
  if (stt === undefined || isStreaming(stt)) return stt;
  throw new TypeError("liveTranscript needs a speech-to-text model that streams, such as getSTTModel().");
}

function isStreaming(stt: STTModel): stt is StreamingSTTModel {
  return typeof stt.stream === "function";
}

/** @throws TypeError, RangeError for options that make no sense. */
function gridOptions(options: ReplyOnPauseOptions<never>, overrides: boolean): GridOptions | undefined {
  const { algoOptions, modelOptions, model, endOfTurn } = options;
  if (!overrides && algoOptions === undefined && modelOptions === undefined && model === undefined) return undefined;
  for (const name of ["speech", "thinkAheadMs", "backchannels"] as const) {
    // Nobody thinks ahead there: who says so is right.
    if (options[name] !== undefined && options[name] !== 0) {
      throw new TypeError(`${name} has no meaning beside algoOptions, modelOptions, model or an own determinePause.`);
    }
  }
  if (endOfTurn !== undefined && endOfTurn !== "silence") {
    throw new TypeError("endOfTurn has no meaning beside algoOptions, modelOptions, model or an own determinePause.");
  }
  const complete = { algo: completeAlgoOptions(algoOptions), vad: completeSileroOptions(modelOptions) };
  return { ...complete, model: model ?? getSileroModel() };
}

/** @throws TypeError for an option that makes no sense. */
function endOfTurn({
  endOfTurn: chosen = "silence",
  endOfTurnOptions,
}: ReplyOnPauseOptions<never>): TurnHost["endOfTurn"] {
  if (chosen === "silence") return undefined;
  const model = chosen === "model" ? getEndOfTurnModel() : chosen;
  if (typeof model.judge !== "function")
    throw new TypeError('endOfTurn must be "silence", "model" or an object with judge().');
  return { model, options: { ...DEFAULT_END_OF_TURN, ...endOfTurnOptions } };
}
