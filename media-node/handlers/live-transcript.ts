/** Shows what the user says while they say it: a line of the transcript that grows until the turn is over. */
import { type AudioFrame, frameDurationMs } from "../audio/frame.ts";
import type { StreamingSTTModel } from "../speech/index.ts";
import { FailureStreak } from "../turn/failure-streak.ts";
import { AsyncQueue } from "./async-queue.ts";

/** Kept from before a turn is known to be one: its first word, and what it takes to interrupt. */
const PRE_ROLL_MS = 800;

export interface LiveTranscriptOptions {
  readonly stt: StreamingSTTModel;
  /** What was said so far in this turn. */
  readonly onText: (text: string) => void;
  /** The model failed; said once until it works again. The turn itself goes on. */
  readonly onError: (error: unknown) => void;
}

interface Turn {
  readonly frames: AsyncQueue<AudioFrame>;
  readonly stop: AbortController;
  /** Words that stay. */
  said: string;
}

export class LiveTranscript {
  readonly #options: LiveTranscriptOptions;
  readonly #streak: FailureStreak;
  #recent: AudioFrame[] = [];
  #turn: Turn | undefined;
  #text = "";

  constructor(options: LiveTranscriptOptions) {
    this.#options = options;
    this.#streak = new FailureStreak(options.onError);
  }

  /** Takes every frame of the user's. */
  hear(frame: AudioFrame): void {
    if (this.#turn !== undefined) {
      this.#turn.frames.push(frame);
      return;
    }
    this.#recent.push(frame);
    let keptMs = this.#recent.reduce((sum, one) => sum + frameDurationMs(one), 0);
    for (let oldest = this.#recent[0]; oldest !== undefined; oldest = this.#recent[0]) {
      keptMs -= frameDurationMs(oldest);
      if (keptMs < PRE_ROLL_MS) break;
      this.#recent.shift();
    }
  }

  /**
   * Whether the user is taken to be speaking. What is said between a yes and a no is one line.
   * @param wentOn the turn before was not answered: its words belong to this one.
   */
  speaking(speaks: boolean, wentOn = false): void {
    if (speaks && this.#turn === undefined) this.#begin(wentOn ? this.#text : "");
    if (!speaks) this.close();
  }

  close(): void {
    this.#turn?.stop.abort();
    this.#turn?.frames.close();
    this.#turn = undefined;
  }

  #begin(said: string): void {
    const turn: Turn = { frames: new AsyncQueue(), stop: new AbortController(), said };
    for (const frame of this.#recent.splice(0)) turn.frames.push(frame);
    this.#turn = turn;
    this.#text = said;
    void this.#transcribe(turn);
  }

  /** Never rejects. */
  async #transcribe(turn: Turn): Promise<void> {
    const { signal } = turn.stop;
    try {
      for await (const { text, final } of this.#options.stt.stream(each(turn.frames), { signal })) {
        if (signal.aborted) return;
        this.#streak.succeeded();
        this.#text = [turn.said, text].filter((part) => part !== "").join(" ");
        if (final) turn.said = this.#text;
        this.#options.onText(this.#text);
      }
    } catch (error) {
      if (!signal.aborted) this.#streak.failed(error);
    }
  }
}

async function* each(frames: AsyncQueue<AudioFrame>): AsyncGenerator<AudioFrame, void, undefined> {
  for (let frame = await frames.next(); frame !== undefined; frame = await frames.next()) yield frame;
}
