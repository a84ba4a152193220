/** Models that answer when they are told to: whether a speaker is done, and what a listener said. */
import type { AudioFrame } from "../../../audio/frame.ts";
import type { StreamingSTTModel, Transcript } from "../../../speech/index.ts";
import type { EndOfTurnModel } from "../../../turn/end-of-turn-model.ts";

export type Answer = "model: done" | "model: not done" | "model fails";

interface Question {
  readonly signal: AbortSignal | undefined;
  readonly settle: (answer: Answer) => void;
}

export class ScriptedModels {
  #questions: Question[] = [];

  /** `done`: the speaker is. */
  readonly endOfTurn: EndOfTurnModel = {
    judge: (_samples, { signal } = {}) => this.#ask(signal, (answer) => (answer === "model: done" ? 0.99 : 0.01)),
  };

  /** `done`: what was said interrupts. */
  readonly stt = {
    stt: (_audio: AudioFrame, { signal }: { readonly signal?: AbortSignal } = {}): Promise<string> =>
      this.#ask(signal, (answer) => (answer === "model: done" ? "Stop." : "Uh-huh.")),
  };

  /** Words while they are being said; `done`: they stay. It never looks at the audio, or at its signal. */
  readonly live: StreamingSTTModel = {
    stt: this.stt.stt,
    stream: (_audio, { signal } = {}) => this.#words(signal),
  };

  /** Somebody waits for an answer. */
  get asking(): boolean {
    return this.#questions.some(({ signal }) => signal?.aborted !== true);
  }

  /** Answers whatever was asked, also what nobody waits for any more. */
  answer(answer: Answer): void {
    for (const { settle } of this.#questions.splice(0)) settle(answer);
  }

  async *#words(signal: AbortSignal | undefined): AsyncGenerator<Transcript, void, undefined> {
    for (;;) yield { text: "words", final: await this.#ask(signal, (answer) => answer === "model: done") };
  }

  #ask<T>(signal: AbortSignal | undefined, read: (answer: Answer) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#questions.push({
        signal,
        settle: (answer) => {
          if (answer === "model fails") reject(new Error("scripted"));
          else resolve(read(answer));
        },
      });
    });
  }
}
