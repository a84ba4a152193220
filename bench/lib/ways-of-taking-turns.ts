/** The ways of taking turns that are measured beside each other, and the real models they need, waited for by virtual time. */
import type { ReplyOnPauseOptions } from "../../media-node/handlers/reply-on-pause-options.ts";
import { SmartTurn } from "../../media-node/speech/end-of-turn/smart-turn.ts";
import { getSileroModel } from "../../media-node/speech/index.ts";
import { scriptedVad, sileroVad, type VirtualClock, type VoiceActivity } from "../../media-node/testing/index.ts";
import { DEFAULT_END_OF_TURN } from "../../media-node/turn/end-of-turn.ts";
import type { EndOfTurnModel } from "../../media-node/turn/end-of-turn-model.ts";
import type { PauseDetectionModel } from "../../media-node/turn/grid/pause-detection-model.ts";
import { DEFAULT_SPEECH, VAD_WINDOW_MS } from "../../media-node/turn/speech-detector.ts";

/** From question to verdict, in virtual time: what it takes on a busy core, so that figures do not depend on this machine. */
const VERDICT_DELAY_MS = 60;
const MODEL_TIMEOUT_MS = 60_000;

/** One way, for a call on this clock. */
export interface Way {
  readonly name: string;
  options(models: Models, clock: VirtualClock): ReplyOnPauseOptions;
}

const silence = (silenceMs: number): Way => ({
  name: `silence ${silenceMs} ms`,
  options: () => ({ speech: { silenceMs }, thinkAheadMs: 0 }),
});

export const WAYS: readonly Way[] = [
  { name: "FastRTC's grid", options: (models) => ({ model: models.grid }) },
  silence(512),
  { name: `silence ${DEFAULT_SPEECH.silenceMs} ms at first`, options: () => ({ thinkAheadMs: 0 }) },
  silence(800),
  { name: "default: thinking ahead", options: () => ({}) },
  {
    name: `model: ${DEFAULT_END_OF_TURN.completeMs} ms from ${DEFAULT_END_OF_TURN.completeProbability}, else ${DEFAULT_END_OF_TURN.incompleteMs}`,
    options: (models, clock) => ({ endOfTurn: models.endOfTurn(clock) }),
  },
];

export class Models {
  readonly #vad: VoiceActivity;
  /** What the detector said of each sound, window by window: it is asked once, however many ways there are. */
  readonly #heard = new Map<Int16Array, readonly number[]>();
  readonly #close: () => Promise<void>;
  readonly #smartTurn: SmartTurn;
  readonly #grid = getSileroModel();
  /** Work on its way: virtual time waits for it. */
  readonly #working = new Set<Promise<unknown>>();

  static async open(): Promise<Models> {
    const smartTurn = new SmartTurn({ timeoutMs: MODEL_TIMEOUT_MS });
    const [vad] = await Promise.all([sileroVad(), smartTurn.ready()]);
    return new Models(vad, smartTurn);
  }

  private constructor(vad: Awaited<ReturnType<typeof sileroVad>>, smartTurn: SmartTurn) {
    this.#smartTurn = smartTurn;
    this.#vad = vad;
    this.#close = async () => {
      await Promise.all([vad.close(), smartTurn.close()]);
    };
  }

  /** The detector, for a call in which these are heard from its beginning on. */
  vad(samples: Int16Array): VoiceActivity {
    const known = this.#heard.get(samples);
    if (known !== undefined) {
      const replay = scriptedVad((_, atMs) => known[atMs / VAD_WINDOW_MS] ?? 0);
      return { open: replay.open, settled: () => this.#settled() };
    }
    return {
      // FastRTC's grid opens none.
      open: (onProbability) => {
        const probabilities: number[] = [];
        this.#heard.set(samples, probabilities);
        return this.#vad.open((probability) => {
          probabilities.push(probability);
          onProbability(probability);
        });
      },
      settled: async () => {
        await this.#vad.settled?.();
        await this.#settled();
      },
    };
  }

  get grid(): PauseDetectionModel {
    return { vad: (audio, options) => this.#waited(Promise.resolve(this.#grid.vad(audio, options))) };
  }

  endOfTurn(clock: VirtualClock): EndOfTurnModel {
    return {
      judge: async (samples) => {
        const probability = await this.#waited(this.#smartTurn.judge(samples));
        const { promise, resolve } = Promise.withResolvers<void>();
        clock.after(VERDICT_DELAY_MS, resolve);
        await promise;
        return probability;
      },
    };
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #settled(): Promise<void> {
    if (this.#working.size > 0) await Promise.all(this.#working);
  }

  #waited<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#working.delete(tracked));
    this.#working.add(tracked);
    return work;
  }
}
