/** Finds turns as speech comes, but only after a stop word: until one is heard nobody is listened to. */
import type { AudioFrame, HeardFrame } from "../../audio/frame.ts";
import { within } from "../../time/deadline.ts";
import { FailureStreak } from "../failure-streak.ts";
import { SpeechTurns } from "../speech-turns.ts";
import type { Transcriber } from "../transcriber.ts";
import type { TurnHost } from "../turn-finder.ts";
import { RecentSound } from "./recent-sound.ts";
import { SpottingSchedule } from "./spotting-schedule.ts";
import type { StopWords } from "./stop-words.ts";

/** A transcription that takes longer is given up, and the next is tried. */
const TRANSCRIBE_TIMEOUT_MS = 5_000;

/** How stop words are searched for. */
export interface SpottingOptions {
  readonly words: StopWords;
  readonly stt: Transcriber;
  /** A stop word was said. */
  readonly onStopWord: () => void;
}

/** One search, from the end of a turn to the stop word that begins the next. */
interface Search {
  readonly sound: RecentSound;
  readonly schedule: SpottingSchedule;
  readonly stop: AbortController;
  /** `again`: more has been said meanwhile. */
  transcription: "none" | "running" | "again";
}

export class StopWordTurns extends SpeechTurns {
  override readonly announcesTalking = false;
  readonly #host: TurnHost & SpottingOptions;
  readonly #streak: FailureStreak;
  /** Undefined once the word was said, until the turn is taken. */
  #search: Search | undefined;

  constructor(host: TurnHost & SpottingOptions) {
    super(host);
    this.#host = host;
    this.#streak = new FailureStreak(host.onError);
    this.#search = this.#newSearch();
  }

  override take(paused: boolean): AudioFrame {
    const audio = super.take(paused);
    this.#search?.stop.abort();
    this.#search = this.#newSearch();
    return audio;
  }

  override close(): void {
    super.close();
    this.#search?.stop.abort();
  }

  protected override heardFrame(frame: HeardFrame): void {
    if (this.#search === undefined) super.heardFrame(frame);
    else this.#search.sound.push({ frame });
  }

  protected override heardWindow(probability: number): void {
    const search = this.#search;
    if (search === undefined) {
      super.heardWindow(probability);
      return;
    }
    // Nobody follows a turn now, so nobody else says so.
    this.awaitSpeech();
    search.sound.push({ probability });
    if (!search.schedule.push(probability)) return;
    if (search.transcription === "none") void this.#spot(search);
    else search.transcription = "again";
  }

  /** Transcribes what was heard last, and once more if something was said meanwhile. Never rejects. */
  async #spot(search: Search): Promise<void> {
    const { words, sampleRate, speech } = this.#host;
    do {
      search.transcription = "running";
      // Who goes on speaking may be in the middle of the first word after it.
      const position = search.sound.position(search.schedule.speaking ? "shortly_before" : "now");
      const text = await this.#transcribe(search.sound.speech(sampleRate, speech.threshold), search.stop.signal);
      if (search !== this.#search || search.stop.signal.aborted) return;
      const end = words.endIn(text);
      if (end !== undefined) {
        // What follows the word in one breath is the turn already, and begins somewhere in what was transcribed.
        const followed = /[\p{L}\p{N}]/u.test(text.slice(end));
        this.#found(search, followed ? 0 : position);
        return;
      }
    } while (this.#isAsked(search));
    search.transcription = "none";
  }

  #isAsked(search: Search): boolean {
    return search.transcription === "again";
  }

  async #transcribe(audio: AudioFrame, signal: AbortSignal): Promise<string> {
    const { stt, clock } = this.#host;
    const transcribe = async () => await stt.stt(audio, { signal });
    try {
      const text = await within(transcribe(), TRANSCRIBE_TIMEOUT_MS, clock, "The search for the stop word");
      this.#streak.succeeded();
      return text;
    } catch (error) {
      if (!signal.aborted) this.#streak.failed(error);
      return "";
    }
  }

  /** Hears what came from `position` on as the beginning of a turn. */
  #found(search: Search, position: number): void {
    this.#host.onStopWord();
    this.#search = undefined;
    for (const entry of search.sound.since(position)) {
      if ("frame" in entry) this.heardFrame(entry.frame);
      else this.heardWindow(entry.probability);
    }
  }

  #newSearch(): Search {
    return {
      sound: new RecentSound(),
      schedule: new SpottingSchedule(this.#host.speech),
      stop: new AbortController(),
      transcription: "none",
    };
  }
}
