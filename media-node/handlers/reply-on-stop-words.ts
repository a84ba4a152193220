/** {@link ReplyOnPause} that sleeps until it hears its name: nothing is a turn before a stop word was said. */
import type { InputValues } from "../../shared/inputs.ts";
import { getSTTModel, type STTModel, type STTSource } from "../speech/index.ts";
import type { ChunkJudge } from "../turn/grid/chunk-judge.ts";
import { GridTurns } from "../turn/grid/grid-turns.ts";
import { StopWordGrid } from "../turn/stop-words/stop-word-grid.ts";
import { StopWordTurns } from "../turn/stop-words/stop-word-turns.ts";
import { StopWords } from "../turn/stop-words/stop-words.ts";
import type { TurnFinder, TurnHost } from "../turn/turn-finder.ts";
import type { ReplyFunction } from "./reply-function.ts";
import { ReplyOnPause } from "./reply-on-pause.ts";
import type { ReplyOnPauseOptions } from "./reply-on-pause-options.ts";
import { needOwnCopy } from "./stream-handler.ts";

export interface ReplyOnStopWordsOptions<Inputs extends InputValues = InputValues> extends ReplyOnPauseOptions<Inputs> {
  /** Hears the stop words; whatever `getSTTModel` takes. Default: `getSTTModel()`. */
  readonly sttModel?: STTSource;
}

/**
 * After each reply the stop word has to be said again.
 * @example
 * export default new Stream(new ReplyOnStopWords(answer, ["computer", "hey you"]), { modality: "audio" });
 */
export class ReplyOnStopWords<Inputs extends InputValues = InputValues> extends ReplyOnPause<Inputs> {
  readonly #fn: ReplyFunction<Inputs>;
  /** What wakes it. */
  readonly stopWords: readonly string[];
  readonly #options: ReplyOnStopWordsOptions<Inputs>;
  readonly #words: StopWords;
  readonly #sttModel: STTModel;

  /** @throws TypeError where there are no stop words, or an empty one. */
  constructor(fn: ReplyFunction<Inputs>, stopWords: readonly string[], options: ReplyOnStopWordsOptions<Inputs> = {}) {
    super(fn, withoutLimit(options));
    if (new.target !== ReplyOnStopWords) needOwnCopy(new.target.name, this.copy !== ReplyOnStopWords.prototype.copy);
    this.#fn = fn;
    this.stopWords = stopWords;
    this.#words = new StopWords(stopWords);
    this.#sttModel = getSTTModel(options.sttModel);
    // Made once: the sessions' copies share it.
    this.#options = { ...options, sttModel: this.#sttModel };
  }

  override copy(): ReplyOnStopWords<Inputs> {
    return new ReplyOnStopWords(this.#fn, this.stopWords, this.#options);
  }

  protected override openTurns(host: TurnHost, judge: ChunkJudge | undefined): TurnFinder {
    const onStopWord = (): void => this.context.send({ type: "stopword", data: "" });
    const spotting = { words: this.#words, stt: this.#sttModel, onStopWord };
    if (judge === undefined) return new StopWordTurns({ ...host, ...spotting });
    const grid = new StopWordGrid({ ...host, ...spotting, judge, determinePause: this.determinePause.bind(this) });
    const determinePause = grid.determinePause.bind(grid);
    return new GridTurns({ ...host, determinePause, announcesTalking: false });
  }
}

/** As in FastRTC, `maxContinuousSpeechS` has no meaning here. */
function withoutLimit<Inputs extends InputValues>(
  options: ReplyOnStopWordsOptions<Inputs>,
): ReplyOnPauseOptions<Inputs> {
  const { algoOptions } = options;
  if (algoOptions?.maxContinuousSpeechS === undefined) return options;
  return { ...options, algoOptions: { ...algoOptions, maxContinuousSpeechS: Number.POSITIVE_INFINITY } };
}
