/**
 * Tells a short sound of a listener's, "uh-huh", from the beginning of an interruption. The reply is held meanwhile, so nothing
 * is talked over while the words are looked at. Pure but for the transcription: windows in, a verdict out, once.
 */
import type { AudioFrame } from "../audio/frame.ts";
import type { Clock } from "../time/clock.ts";
import { within } from "../time/deadline.ts";
import type { Transcriber } from "./transcriber.ts";

/** Speech longer than this is no backchannel: three short syllables have about 600 ms. */
const MAX_BACKCHANNEL_MS = 640;
/** Silence after which it is looked at: longer than the stop in "uh-huh". */
const ASK_AFTER_MS = 160;
/** The reply is held from 96 ms of speech on, so 704 ms at most have passed: this is what is left of the second a hold may last. */
const TRANSCRIBE_TIMEOUT_MS = 250;

/** What listeners say in English while somebody else talks. Not among them: "no", "stop", "wait", which mean it. */
export const ENGLISH_BACKCHANNELS: readonly string[] = [
  ..."ah aha alright cool course exactly fine good got great hm hmm huh i indeed it mhm mm mmhm mmhmm mmm nice of oh ok okay".split(
    " ",
  ),
  ..."really right see so sure true uh uhhuh uhuh um well wow ya yah yeah yep yes yup".split(" "),
];

export interface Backchannels {
  readonly stt: Transcriber;
  /** Words that, alone or together, interrupt nothing; in lower case, without punctuation. Default: English ones. */
  readonly words?: readonly string[];
}

/** `backchannel`: the reply goes on. `interruption`: it is over. */
export type BackchannelVerdict = "backchannel" | "interruption";

export interface BackchannelCheckOptions {
  readonly backchannels: Backchannels;
  readonly clock: Clock;
  /** What was said so far. */
  readonly audio: () => AudioFrame;
  /** Once, unless the check is withdrawn. */
  readonly onVerdict: (verdict: BackchannelVerdict) => void;
}

/** One check, from speech that would interrupt to its verdict. */
export class BackchannelCheck {
  readonly #options: BackchannelCheckOptions;
  readonly #stop = new AbortController();
  #state: "listening" | "asking" | "decided" = "listening";

  constructor(options: BackchannelCheckOptions) {
    this.#options = options;
  }

  /**
   * The next window was heard.
   * @param speechMs of speech so far. @param silenceMs since the last of it.
   */
  heard(speechMs: number, silenceMs: number): void {
    if (speechMs > MAX_BACKCHANNEL_MS) this.#decide("interruption");
    else if (this.#state === "asking" && silenceMs === 0) this.#decide("interruption");
    else if (this.#state === "listening" && silenceMs >= ASK_AFTER_MS) {
      this.#state = "asking";
      void this.#ask();
    }
  }

  /** The turn is over anyway: nothing is said any more. */
  withdraw(): void {
    this.#state = "decided";
    this.#stop.abort();
  }

  /** Never rejects: words that cannot be had in time are taken to mean it. */
  async #ask(): Promise<void> {
    const { backchannels, audio, clock } = this.#options;
    try {
      const { signal } = this.#stop;
      const work = Promise.resolve(backchannels.stt.stt(audio(), { signal }));
      const text = await within(
        work,
        TRANSCRIBE_TIMEOUT_MS,
        clock,
        "Telling a backchannel from an interruption",
        signal,
      );
      this.#decide(isBackchannel(text, backchannels.words) ? "backchannel" : "interruption");
    } catch {
      this.#decide("interruption");
    }
  }

  #decide(verdict: BackchannelVerdict): void {
    if (this.#state === "decided") return;
    this.withdraw();
    this.#options.onVerdict(verdict);
  }
}

/** Sounds without words, such as a cough, are none of anybody's business either. */
export function isBackchannel(text: string, words: readonly string[] = ENGLISH_BACKCHANNELS): boolean {
  const said =
    text
      .toLowerCase()
      .replaceAll(/[-'’]/g, "")
      .match(/\p{L}+|\p{N}+/gu) ?? [];
  return said.every((word) => words.includes(word));
}
